"""From application code to an event dict, and through the chain."""
