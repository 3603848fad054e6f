"""Exploration of a corpus: topics, gaps, related graph, key terms, similarity and map."""
