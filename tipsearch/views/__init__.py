"""Views of results: tables, charts and HTML."""
