"""Pictures: `draw` of computation graphs, the player, and plots of training."""

from tinygrad_bp.basics.public import door

# The public names stand in `__init__.pyi`.
__getattr__, __dir__, __all__ = door(__name__, later=("tinygrad_bp.look",))
del door
