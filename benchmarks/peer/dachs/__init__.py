"""GAVO DaCHS of Debian's packages with the data of the comparison."""
