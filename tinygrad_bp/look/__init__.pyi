"""What is public; see `__init__.py`."""

from tinygrad_bp.look.graphs.draw import (
    draw as draw,
)
from tinygrad_bp.look.picture.drawing import (
    DotNotFound as DotNotFound,
    Drawing as Drawing,
)
from tinygrad_bp.look.player.play import (
    play as play,
)
from tinygrad_bp.look.player.player import (
    Player as Player,
)
from tinygrad_bp.look.plots.plots import (
    plot_history as plot_history,
    plot_regions as plot_regions,
)
