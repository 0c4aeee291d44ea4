"""The learning-rate lab: every rate with every seed, and what became of each run, and why."""
