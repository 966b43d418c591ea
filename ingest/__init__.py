"""Files in, rows out: scan, read headers, classify, map, check and load."""
