"""What somebody looks for, in options and in one small language."""
