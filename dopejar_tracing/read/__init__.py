"""A file comes back in: lines, and what they say together."""
