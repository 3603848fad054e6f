"""Exact top-k retrieval over term-major postings, with numpy alone."""
