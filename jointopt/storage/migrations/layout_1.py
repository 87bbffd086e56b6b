"""The first layout. It is older than migrations: no database is brought to it, those that have it are adopted."""

from alembic.operations import Operations

revision = "1"
down_revision = None


def upgrade(op: Operations) -> None:
    """There is nothing before it that could be changed."""
