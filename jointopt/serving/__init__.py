"""The winner at work, and the embedded model behind a door that every OpenAI client knows."""

from jointopt.serving.server import build_app, serve

__all__ = ["build_app", "serve"]
