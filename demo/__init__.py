"""The demo archive: real FITS files from public packages and a seeded synthetic observatory."""
