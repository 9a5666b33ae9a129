"""Proof of gradients: a checker with a verdict, and what property-based testing needs.

`check_gradient` decides whether a gradient is right, and says why; what tests need beside it is in
the modules of this package. mpmath, Hypothesis and pytest are imported where they are used, so
this package can be imported without them.
"""
