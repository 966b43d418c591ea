"""The publishing registry: what the archive serves, told to the registries of the world (OAI-PMH 2.0)."""
