"""The standard as data: categories, keywords, conditions and rules, by version (ESO-044286).

Validator and documentation follow from the TOML files here; a file of an operator may extend a version and
change what it says.
"""

from ingest.phase3.standard.model import Category, Keyword, Note, Obligation, Rule, Standard
from ingest.phase3.standard.read import VERSIONS, load

__all__ = ["VERSIONS", "Category", "Keyword", "Note", "Obligation", "Rule", "Standard", "load"]
