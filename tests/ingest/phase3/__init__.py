"""Phase 3: the standard as data, and the validator."""
