"""Suggestions: completed words and titles for a text that is still being typed."""
