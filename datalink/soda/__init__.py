"""Server-side Operations for Data Access (SODA 1.0): parts of images, cubes, spectra and tables."""
