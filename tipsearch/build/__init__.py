"""Build: posts to an index. An update is the same path."""
