"""JSON and CSV files, written whole or not at all."""
