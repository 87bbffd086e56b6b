"""The tables, and nothing that reads or writes them.

They share a database with Optuna's, hence the prefix. Money is kept in whole pico-dollars (1e-12 USD), so that sums
are exact whatever their order.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

VERSION = 4  # of this layout (`migrations` bring older ones to it); a higher one was written by a newer jointopt

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in a column typed INTEGER


def _study(*, primary_key: bool = False) -> Column[int]:
    return Column("study_id", _ID, ForeignKey("jointopt_studies.id"), primary_key=primary_key, nullable=False)


def _amount() -> tuple[Column[int], Column[int], Column[int]]:
    return (
        Column("calls", BigInteger, nullable=False),
        Column("tokens", BigInteger, nullable=False),
        Column("usd_pico", BigInteger, nullable=False),
    )


# One row: the layout's number. A jointopt older than the next table reads it, and refuses one that it does not know.
schema = Table("jointopt_schema", metadata, Column("version", Integer, primary_key=True))

revisions = Table(  # Alembic's record of the migrations, apart from Optuna's of its own; since layout 3
    "jointopt_alembic",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="jointopt_alembic_pkc"),
)

studies = Table(
    "jointopt_studies",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("study_text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("begun_at", Double, nullable=False),  # seconds since 1970
    Column("state", String(16), nullable=False),
    Column("elapsed_s", Double, nullable=False),
    Column("owner", Text),  # the process that runs it now
    # Since layout 3:
    Column("beat_at", Double),  # until when its wall clock is counted, in seconds since 1970 by the database's clock
    Column("version", String(64)),  # of the jointopt that it runs under
)

files = Table(  # what a study file names, so that a worker on another machine needs nothing else; since layout 3
    "jointopt_files",
    metadata,
    _study(primary_key=True),
    Column("path", Text, primary_key=True),  # as the study file names it, from its folder on
    Column("content", LargeBinary, nullable=False),
)

workers = Table(  # the processes that have joined a study; since layout 3
    "jointopt_workers",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    _study(),
    Column("name", Text, nullable=False),  # host:pid:start
    Column("version", String(64), nullable=False),  # of its jointopt
    Column("expires_at", Double, nullable=False),  # seconds since 1970, by the database's clock
    UniqueConstraint("study_id", "name", name="jointopt_workers_by_name"),
)

findings = Table(
    "jointopt_findings",
    metadata,
    _study(primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

requests = Table(
    "jointopt_requests",
    metadata,
    Column("request_key", String(64), primary_key=True),
    Column("body", Text, nullable=False),  # JSON
)

samples = Table(
    "jointopt_samples",
    metadata,
    Column("request_key", String(64), ForeignKey("jointopt_requests.request_key"), primary_key=True),
    Column("replicate", Integer, primary_key=True),
    _study(),  # who paid
    Column("text", Text, nullable=False),
    Column("reasoning", Text, nullable=False),
    Column("finish", String(16), nullable=False),
    Column("logprob", Double),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_usd", Double, nullable=False),
    Column("latency_s", Double, nullable=False),
    Column("error", Text),
    # Since layout 2; with a default, so that an older jointopt that still runs can go on writing.
    Column("cached_tokens", Integer, server_default=text("0"), nullable=False),
    Column("reasoning_tokens", Integer, server_default=text("0"), nullable=False),
)

entries = Table(  # one row for every reservation ever made
    "jointopt_entries",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    _study(),
    Column("phase", String(64), nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", String(16), nullable=False),
    *_amount(),  # the worst price until it is settled, the true one from then on
    # Since layout 3; names one call of `reserve`, so that a call repeated after a lost connection finds its own rows.
    Column("token", String(32)),
    Column("entered_at", Double),  # since layout 4: seconds since 1970 by the database's clock
    Index("jointopt_entries_by_state", "study_id", "state"),
    Index("jointopt_entries_by_token", "token"),
)

orders = Table(  # replicates that some worker is to buy; since layout 3
    "jointopt_orders",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    _study(),
    Column("reservation", BigInteger, nullable=False),  # the entry that pays for them
    Column("request_key", String(64), nullable=False),
    Column("model", Text, nullable=False),  # its id in the study
    Column("call", Text, nullable=False),  # JSON from which the request is made again
    Column("first", Integer, nullable=False),  # replicates first..first+count-1
    Column("count", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # open, taken, kept, failed, refused
    Column("worker", Text),  # the name of who holds it
    Column("reason", Text),
    Index("jointopt_orders_by_state", "study_id", "state"),
    sqlite_autoincrement=True,  # a number that was forgotten is never given out again, as in PostgreSQL
)

accounts = Table(  # the sums of the entries, kept in the same transactions
    "jointopt_accounts",
    metadata,
    _study(primary_key=True),
    Column("phase", String(64), primary_key=True),
    Column("state", String(16), primary_key=True),
    *_amount(),
)

lanes = Table(  # until when a limit per minute is booked, in seconds since 1970; since layout 2
    "jointopt_lanes",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("free_at", Double, nullable=False),
)

scorecards = Table(
    "jointopt_scorecards",
    metadata,
    _study(primary_key=True),
    Column("policy", Text, primary_key=True),  # JSON of its fields
    Column("card", Text, nullable=False),  # JSON of the arrays
)
