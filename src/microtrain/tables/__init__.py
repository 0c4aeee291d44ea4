"""From a table to a trained model, and on to predictions."""
