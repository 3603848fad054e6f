"""Explore: topics, gaps, related graph, key terms, similarity, map."""
