"""Views: results as tables, charts and HTML."""
