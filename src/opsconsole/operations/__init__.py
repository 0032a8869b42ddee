"""What a run does: one file an operation, and what they share of the way from Graph to the store."""
