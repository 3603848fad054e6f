"""What do people ask in vain? Gaps: queries counted, answered, and put in groups."""
