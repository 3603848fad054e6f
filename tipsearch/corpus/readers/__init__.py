"""Readers: one format a file or package."""
