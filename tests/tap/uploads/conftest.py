"""The application, for uploads over HTTP."""

from tests.serving import app, client, engine

__all__ = ["app", "client", "engine"]
