"""The embedded model: a small transformer that we trained from scratch, and that really samples. It needs no key."""

from jointopt.pocket.shape import CONTEXT, TIERS

__all__ = ["CONTEXT", "TIERS"]
