"""Simple Cone Search (SCS 1.03): the rows of any published table with positions around one of them."""
