"""Pictures of plain numbers. These modules know nothing of Values, models or training."""
