"""The demo archive: real files out of public packages and a seeded synthetic observatory."""
