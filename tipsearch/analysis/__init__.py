"""Analysis: text to terms, and text to vectors."""
