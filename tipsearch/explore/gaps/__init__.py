"""Gaps: queries of a log that the posts cover poorly, counted and grouped by topic."""
