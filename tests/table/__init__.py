"""The table of primitives against truths that know nothing of its formulas."""
