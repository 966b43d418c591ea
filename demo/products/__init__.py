"""Synthetic science data products of every category of ESO's standard (Phase 3, SDP standard 6)."""
