"""Headers as they are stored."""
