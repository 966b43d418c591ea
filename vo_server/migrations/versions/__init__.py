"""Revisions, each named by its number and its purpose."""
