"""Execution of statements: SQL in, Arrow record batches out."""

from vo_server.engine.explaining import Estimate
from vo_server.engine.postgres import PostgresEngine
from vo_server.engine.protocol import Engine, FileEngine
from vo_server.engine.result import Result
from vo_server.engine.routing import Engines
from vo_server.engine.statement import Snapshot, Statement, ZoneIndex, from_select
from vo_server.engine.uploading import Upload

__all__ = [
    "Engine",
    "Engines",
    "Estimate",
    "FileEngine",
    "PostgresEngine",
    "Result",
    "Snapshot",
    "Statement",
    "Upload",
    "ZoneIndex",
    "from_select",
]
