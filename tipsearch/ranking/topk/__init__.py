"""Exact top-k retrieval over term-major postings, pruned by block maxima."""
