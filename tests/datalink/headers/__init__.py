"""Headers without their file."""
