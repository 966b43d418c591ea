"""Execution of statements: SQL in, Arrow record batches out."""

from vo_server.engine.statement import Statement

__all__ = ["Statement"]
