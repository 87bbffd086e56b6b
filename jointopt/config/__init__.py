"""A study file in, domain values out."""

from jointopt.config.changes import changes
from jointopt.config.file import schema
from jointopt.config.plan import Plan, WarmStart
from jointopt.config.read import kept_files, read_files, read_study
from jointopt.config.terms import nearest

__all__ = ["Plan", "WarmStart", "changes", "kept_files", "nearest", "read_files", "read_study", "schema"]
