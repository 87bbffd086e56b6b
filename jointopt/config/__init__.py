"""A study file in, domain values out."""

from jointopt.config.changes import changes
from jointopt.config.file import schema
from jointopt.config.plan import Plan, WarmStart
from jointopt.config.read import read_study
from jointopt.config.terms import nearest

__all__ = ["Plan", "WarmStart", "changes", "nearest", "read_study", "schema"]
