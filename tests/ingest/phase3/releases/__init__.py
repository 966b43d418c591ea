"""The life of a release: from a directory of files to published products, and back."""
