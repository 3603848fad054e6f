"""Reader of archive dumps: pages of a WordPress archive, rendered to text."""
