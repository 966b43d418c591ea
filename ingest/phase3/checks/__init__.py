"""The checks of one file, each a function from a product to marks."""
