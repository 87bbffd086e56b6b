"""A study file in, domain values out."""

from jointopt.config.brief import Brief, read_brief
from jointopt.config.changes import changes
from jointopt.config.file import schema
from jointopt.config.plan import Plan, WarmStart
from jointopt.config.read import absolute, kept_files, own_code, read_files, read_study
from jointopt.config.terms import nearest

__all__ = [
    "Brief",
    "Plan",
    "WarmStart",
    "absolute",
    "changes",
    "kept_files",
    "nearest",
    "own_code",
    "read_brief",
    "read_files",
    "read_study",
    "schema",
]
