"""The keyword store at scale: ingest, bytes a keyword, latency, and what they are at 25 million files."""
