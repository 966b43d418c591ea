"""Science data products as the Phase 3 standard describes them."""
