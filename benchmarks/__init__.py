"""What tracing costs, as ratios in one run."""
