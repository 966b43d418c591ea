"""Files in, rows out: scan, read headers, classify, map, check and load."""

from ingest.run import explain, run

__all__ = ["explain", "run"]
