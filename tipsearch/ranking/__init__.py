"""Ranking: an analyzed query to ranked hits, exactly; explanations and snippets."""
