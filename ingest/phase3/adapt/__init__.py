"""Other files brought into the form of the standard, by recipes that are data."""

from ingest.phase3.adapt.recipe import Recipe, recipes
from ingest.phase3.adapt.run import Adapted, adapt

__all__ = ["Adapted", "Recipe", "adapt", "recipes"]
