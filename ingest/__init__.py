"""Files in, rows out: scan, read headers, classify, map, check and load."""

from ingest.run import correct_keyword, explain, run

__all__ = ["correct_keyword", "explain", "run"]
