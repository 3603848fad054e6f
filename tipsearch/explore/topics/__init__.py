"""What does the corpus talk about? Topics: found, counted, named, and numbered for good."""
