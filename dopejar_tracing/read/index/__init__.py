"""An index of a large trace: who hangs under whom, in arrays, and where each line is."""
