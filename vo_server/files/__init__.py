"""Files: where they are, their digests, and how they are kept."""
