"""One page, in one file, on which to watch a network learn."""
