"""Both passes, one step at a time."""
