"""The contenders: a module for each library, with a function for each thing to measure that returns a `Case`.

All say the same of what they trace: a text that goes in, a text that comes out, and two values, of which
one is the number that the work was given.
"""
