"""A scalar autograd engine in which nothing about back-propagation is hidden.

>>> from tinygrad_bp import Value
>>> x = Value(3.0, label="x")
>>> y = x * x + 2 * x
>>> y.backward()
>>> x.grad
8.0
"""

from tinygrad_bp.basics import subinterpreters  # before all that needs NumPy

# isort: split
from tinygrad_bp.basics.public import door
from tinygrad_bp.plugin import register_strategies

__version__ = "0.1.0"

# The public names stand in `__init__.pyi`.
__getattr__, __dir__, __all__ = door(__name__, later=("tinygrad_bp.look", "tinygrad_bp.check"))

# If Hypothesis was imported before. If it comes later, it asks by itself.
register_strategies()
del door, register_strategies, subinterpreters
