"""Jobs that outlive a request: the Universal Worker Service, version 1.1."""
