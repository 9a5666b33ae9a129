"""What is public; see `__init__.py`."""

from tinygrad_bp.nn.activations import (
    linear as linear,
)
from tinygrad_bp.nn.fit.fit import (
    fit as fit,
)
from tinygrad_bp.nn.fit.gradients import (
    batch_loss as batch_loss,
    loss_and_gradient as loss_and_gradient,
)
from tinygrad_bp.nn.fit.history import (
    History as History,
)
from tinygrad_bp.nn.initialisers import (
    he_normal as he_normal,
    he_uniform as he_uniform,
    normal as normal,
    uniform as uniform,
    xavier_normal as xavier_normal,
    xavier_uniform as xavier_uniform,
    zeros as zeros,
)
from tinygrad_bp.nn.layers import (
    MLP as MLP,
    Layer as Layer,
    Neuron as Neuron,
)
from tinygrad_bp.nn.losses import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_from_logits as binary_cross_entropy_from_logits,
    cross_entropy as cross_entropy,
    hinge as hinge,
    huber as huber,
    mse as mse,
    squared_error as squared_error,
)
from tinygrad_bp.nn.module import (
    Module as Module,
)
from tinygrad_bp.nn.optimisers import (
    SGD as SGD,
    Adam as Adam,
    AdamW as AdamW,
    Optimizer as Optimizer,
)
from tinygrad_bp.nn.predictions import (
    predict as predict,
)
from tinygrad_bp.nn.schedules import (
    Constant as Constant,
    Cosine as Cosine,
    Exponential as Exponential,
    PerEpoch as PerEpoch,
    StepDecay as StepDecay,
    WarmUp as WarmUp,
)
