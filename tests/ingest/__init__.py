"""Tests of ingest: files in, rows out."""
