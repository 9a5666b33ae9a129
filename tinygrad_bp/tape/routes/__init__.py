"""The ways to run a tape, and `compile`, which chooses among them."""
