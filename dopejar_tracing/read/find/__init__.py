"""What was looked for, with the spans that led to it: from files, and while they grow."""
