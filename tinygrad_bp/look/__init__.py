"""Pictures of computation graphs: `draw`, and what it returns."""

from tinygrad_bp.look.draw import draw
from tinygrad_bp.look.drawing import DotNotFound, Drawing

__all__ = ["DotNotFound", "Drawing", "draw"]
