#!/bin/sh
# The example assistant hears a conversation, traced: the tree as it comes, then the last lines of the file.
# Run by `make demo`, which sets EXAMPLES and puts the virtual environment's Python first.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo '$ python -m the_assist.main --trace < conversations/first.txt'
cd "$EXAMPLES"
DOPEJAR_TRACE_OUTPUT="$work/trace.jsonl" \
    python -m the_assist.main --trace --memory "$work/memory" < conversations/first.txt

echo
echo '$ tail -n 3 trace.jsonl'
tail -n 3 "$work/trace.jsonl"

echo
echo 'Talk to it yourself: cd examples && ../.venv/bin/python -m the_assist.main --trace'
