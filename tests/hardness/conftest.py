"""The application in this process, and a server in its own."""

from tests.serving import app, client, engine, server

__all__ = ["app", "client", "engine", "server"]
