"""Proof of gradients: a checker with a verdict, and what property-based testing needs.

`check_gradient` decides whether a gradient is right, and says why; what tests need beside it is in
the modules of this package. mpmath, Hypothesis and pytest are imported where they are used, so
this package can be imported without them.
"""

from tinygrad_bp.basics.public import door

# The public names stand in `__init__.pyi`.
__getattr__, __dir__, __all__ = door(__name__, later=("tinygrad_bp.check",))
del door
