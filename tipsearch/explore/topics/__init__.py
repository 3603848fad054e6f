"""Topics of a corpus: a topic model, with labels, and numbers that stay between runs."""
