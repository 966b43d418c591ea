"""Table Access Protocol (TAP 1.1): ADQL over every published table."""
