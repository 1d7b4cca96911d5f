"""A file comes back in: lines, and what they say together.

input    files, streams and their lines
query    what somebody looks for
find     what was found, with the spans that led to it
follow   files that grow
index    large traces, to walk about in
sums     what many events say together
seen     which trace points a trace contains
"""
