"""A scalar autograd engine in which nothing about back-propagation is hidden."""

from tinygrad_bp.graph import leaves, topological_order
from tinygrad_bp.modes import NonFiniteError, no_grad, strict
from tinygrad_bp.primitive import Primitive
from tinygrad_bp.primitives import *
from tinygrad_bp.value import Value, constant
