"""Phase 3 over HTTP."""
