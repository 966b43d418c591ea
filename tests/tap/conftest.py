"""The application, for tests of its endpoints."""

from tests.serving import app, client, engine, server

__all__ = ["app", "client", "engine", "server"]
