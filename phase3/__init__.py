"""Phase 3 over HTTP: submissions by providers and archivists, releases, and what has changed."""
