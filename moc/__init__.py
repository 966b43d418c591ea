"""Coverage of the archive's collections in space and time as MOCs (MOC 2.0)."""
