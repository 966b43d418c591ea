"""What a hostile or careless client sends: it gets a clear error, and nobody else notices."""
