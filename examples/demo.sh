#!/bin/sh
# The example assistant hears four conversations, traced; two of them show their trees as they come. At the end: which
# of the catalogue's trace points fired, whose exit status is the demo's.
# Run by `make demo`, which sets EXAMPLES and puts the virtual environment's programs first.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOPEJAR_TRACE_OUTPUT="$work/trace.jsonl"
cd "$EXAMPLES"

hear() {
    echo
    echo "\$ ${DOPEJAR_TRACE_CONSOLE:+DOPEJAR_TRACE_CONSOLE=$DOPEJAR_TRACE_CONSOLE }python -m the_assist.main --trace --settings everything.yaml < conversations/$1.txt"
    python -m the_assist.main --trace --settings everything.yaml --memory "$work/memory" < "conversations/$1.txt"
}

hear first
for quiet in lanes stakes; do
    DOPEJAR_TRACE_CONSOLE=never hear $quiet
done

echo
echo 'Somebody tears two files of its memory.'
for file in "$work"/memory/warm/notes.json "$work"/memory/*/lanes.json; do
    printf '{"torn' > "$file"
done
hear torn

echo
echo '$ tail -n 3 trace.jsonl'
tail -n 3 "$work/trace.jsonl"

echo
echo 'Talk to it yourself: cd examples && ../.venv/bin/python -m the_assist.main --trace'
echo
echo '$ dopejar-trace points --seen trace.jsonl'
dopejar-trace points --seen "$work/trace.jsonl"
