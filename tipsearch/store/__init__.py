"""Store: the index on disk, its format, and the interface through which it is read."""
