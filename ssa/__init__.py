"""Simple Spectral Access (SSA 1.1): spectra found by their coordinates."""
