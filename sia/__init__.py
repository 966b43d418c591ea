"""Simple Image Access (SIA 2.0): images and cubes found by their coordinates."""
