"""The {links} endpoint: what belongs to an identifier (DataLink 1.1)."""
