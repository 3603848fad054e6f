"""Readers of file formats: each takes the lines of a file apart into drafts of posts."""
