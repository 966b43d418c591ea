"""DataLink 1.1 and the delivery of files: from an identifier to its bytes and relatives."""
