"""Corpus: posts, readers of files, and the report of every line."""
