"""What is kept of submissions."""
