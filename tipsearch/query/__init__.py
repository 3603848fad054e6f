"""Query: query text to an analyzed query, spelling correction, look-up of posts, subsets."""
