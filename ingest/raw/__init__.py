"""Raw frames of ESO's instruments."""
