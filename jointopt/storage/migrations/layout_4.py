"""When every reservation was made, so that spending can be drawn over time."""

from alembic.operations import Operations
from sqlalchemy import Column, Double

revision = "4"
down_revision = "3"


def upgrade(op: Operations) -> None:
    """From layout 3."""
    op.add_column("jointopt_entries", Column("entered_at", Double))
