"""JSON files, written whole or not at all, and CSV."""
