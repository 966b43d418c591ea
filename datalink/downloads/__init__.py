"""The bytes of files: one at a time with ranges and conditions, and many by a manifest."""
