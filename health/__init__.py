"""A server that proves its own health: what it answers is held against the standards, again and again."""
