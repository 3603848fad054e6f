"""From files to posts, with an account of every line."""
