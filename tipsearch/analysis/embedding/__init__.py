"""What a text is about, as a vector: the model, the vectors of posts, and the nearest of them."""
