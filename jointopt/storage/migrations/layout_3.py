"""Many workers, one study: who has joined, what they are to buy, and the files that they need."""

from alembic.operations import Operations
from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)

revision = "3"
down_revision = "2"

_ID = BigInteger().with_variant(Integer, "sqlite")


def _study(*, primary_key: bool = False) -> Column[int]:
    return Column("study_id", _ID, ForeignKey("jointopt_studies.id"), primary_key=primary_key, nullable=False)


def upgrade(op: Operations) -> None:
    """From layout 2."""
    op.add_column("jointopt_studies", Column("beat_at", Double))
    op.add_column("jointopt_studies", Column("version", String(64)))
    op.add_column("jointopt_entries", Column("token", String(32)))
    op.create_index("jointopt_entries_by_token", "jointopt_entries", ["token"])
    op.create_table(
        "jointopt_files",
        _study(primary_key=True),
        Column("path", Text, primary_key=True),
        Column("content", LargeBinary, nullable=False),
    )
    op.create_table(
        "jointopt_workers",
        Column("id", _ID, primary_key=True, autoincrement=True),
        _study(),
        Column("name", Text, nullable=False),
        Column("version", String(64), nullable=False),
        Column("expires_at", Double, nullable=False),
        UniqueConstraint("study_id", "name", name="jointopt_workers_by_name"),
    )
    op.create_table(
        "jointopt_orders",
        Column("id", _ID, primary_key=True, autoincrement=True),
        _study(),
        Column("reservation", BigInteger, nullable=False),
        Column("request_key", String(64), nullable=False),
        Column("model", Text, nullable=False),
        Column("call", Text, nullable=False),
        Column("first", Integer, nullable=False),
        Column("count", Integer, nullable=False),
        Column("state", String(16), nullable=False),
        Column("worker", Text),
        Column("reason", Text),
        sqlite_autoincrement=True,
    )
    op.create_index("jointopt_orders_by_state", "jointopt_orders", ["study_id", "state"])
