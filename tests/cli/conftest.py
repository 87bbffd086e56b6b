"""What the command line's tests borrow from the reports'."""

from tests.reports.conftest import exhibition, findings, hostile, hostile_exhibition

__all__ = ["exhibition", "findings", "hostile", "hostile_exhibition"]
