"""Pictures: `draw` of computation graphs, and plots of training."""

from tinygrad_bp.look.draw import draw
from tinygrad_bp.look.drawing import DotNotFound, Drawing
from tinygrad_bp.look.plots import plot_history, plot_regions

__all__ = ["DotNotFound", "Drawing", "draw", "plot_history", "plot_regions"]
