"""DuckDB as an engine: in this process, over the Parquet files that `vo_server.snapshots` lists."""

from vo_server.engine.duck.engine import DuckEngine
from vo_server.engine.duck.locked import Limits

__all__ = ["DuckEngine", "Limits"]
