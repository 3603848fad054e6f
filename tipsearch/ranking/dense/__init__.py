"""Dense retrieval: embeddings of queries, and the posts nearest to them."""
