"""The headers of a file without the file."""
