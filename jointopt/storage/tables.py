"""The tables, and nothing that reads or writes them.

They share a database with Optuna's, hence the prefix. Money is kept in whole pico-dollars (1e-12 USD), so that sums
are exact whatever their order.
"""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, MetaData, String, Table, Text, text

VERSION = 2  # of this layout (`upgrades` brings older ones to it); a higher one was written by a newer jointopt

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


schema = Table("jointopt_schema", metadata, Column("version", Integer, primary_key=True))

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
    Index("jointopt_entries_by_state", "study_id", "state"),
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
