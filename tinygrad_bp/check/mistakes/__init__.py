"""Which mistake leads to a wrong gradient."""
