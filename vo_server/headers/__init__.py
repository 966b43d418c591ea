"""Headers of FITS files: their cards, how they are stored, and how they come back."""
