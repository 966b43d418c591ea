"""The application, for tests of its endpoints."""

from tests.serving import app, client, engine

__all__ = ["app", "client", "engine"]
