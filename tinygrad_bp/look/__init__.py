"""Pictures: `draw` of computation graphs, the player, and plots of training."""

from tinygrad_bp.look.draw import draw
from tinygrad_bp.look.drawing import DotNotFound, Drawing
from tinygrad_bp.look.player.play import play
from tinygrad_bp.look.player.player import Player
from tinygrad_bp.look.plots import plot_history, plot_regions

__all__ = ["DotNotFound", "Drawing", "Player", "draw", "play", "plot_history", "plot_regions"]
