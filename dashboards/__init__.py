"""What people look at while a study runs: Optuna Dashboard, with our figures in its store.

Optuna Dashboard has no login, and whoever reaches it can delete studies: it listens on this machine only, unless told.
"""

from dashboards.board import open_dashboard

__all__ = ["open_dashboard"]
