"""Embeddings: the model, and the vectors of posts."""
