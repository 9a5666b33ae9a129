"""Programs recorded from graphs, written out as Python or machine code, and run."""

from tinygrad_bp.basics.public import door

# The public names stand in `__init__.pyi`.
__getattr__, __dir__, __all__ = door(__name__)
del door
