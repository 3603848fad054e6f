"""Build: posts to an index. An update is a build that takes over what did not change."""
