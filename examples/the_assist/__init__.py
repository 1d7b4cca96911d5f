"""A small rule-based assistant, traced: the pattern to copy into your own."""
