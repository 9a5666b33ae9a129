"""A tape as Python: formulas, straight-line source, a loop over rows."""
