"""Random programs over the whole table, as the package's own strategy draws them."""

from tinygrad_bp.check.rows import ROWS
from tinygrad_bp.check.strategies import expressions as programs

__all__ = ["ROWS", "programs"]
