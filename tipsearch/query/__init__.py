"""Query: query text to an analyzed query, spelling, look-up of posts, subsets."""
