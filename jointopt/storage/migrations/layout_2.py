"""Samples say how many tokens were cached, and how many went into reasoning; limits per minute are kept together."""

from alembic.operations import Operations
from sqlalchemy import Column, Double, Integer, Text, text

revision = "2"
down_revision = "1"


def upgrade(op: Operations) -> None:
    """From layout 1."""
    for name in ("cached_tokens", "reasoning_tokens"):
        op.add_column("jointopt_samples", Column(name, Integer, server_default=text("0"), nullable=False))
    op.create_table(
        "jointopt_lanes",
        Column("lane", Text, primary_key=True),
        Column("free_at", Double, nullable=False),
    )
