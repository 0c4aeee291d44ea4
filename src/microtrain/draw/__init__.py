"""Pictures of plain numbers. These modules import nothing of what they draw."""
