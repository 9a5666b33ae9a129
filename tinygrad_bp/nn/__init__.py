"""Neural networks, one scalar at a time: modules, losses, optimisers, training.

>>> from tinygrad_bp import nn
>>> model = nn.MLP(2, [4, 1], activation="tanh", output_activation="sigmoid", seed=0)
>>> exclusive_or = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
>>> history = nn.fit(model, *exclusive_or, loss=nn.binary_cross_entropy,
...                  optimizer=nn.SGD(0.5), epochs=300, batch_size=1)
>>> nn.predict(model, exclusive_or[0]).round().tolist()
[[0.0], [1.0], [1.0], [0.0]]
"""

from tinygrad_bp.nn.activations import linear
from tinygrad_bp.nn.gradients import batch_loss, loss_and_gradient
from tinygrad_bp.nn.history import History
from tinygrad_bp.nn.initialisers import (
    he_normal,
    he_uniform,
    normal,
    uniform,
    xavier_normal,
    xavier_uniform,
    zeros,
)
from tinygrad_bp.nn.layers import MLP, Layer, Neuron
from tinygrad_bp.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    cross_entropy,
    hinge,
    huber,
    mse,
    squared_error,
)
from tinygrad_bp.nn.module import Module
from tinygrad_bp.nn.optimisers import SGD, Adam, AdamW, Optimizer
from tinygrad_bp.nn.predictions import predict
from tinygrad_bp.nn.schedules import Constant, Cosine, Exponential, PerEpoch, StepDecay, WarmUp
from tinygrad_bp.nn.training import fit

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Exponential",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Optimizer",
    "PerEpoch",
    "StepDecay",
    "WarmUp",
    "batch_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_from_logits",
    "cross_entropy",
    "fit",
    "he_normal",
    "he_uniform",
    "hinge",
    "huber",
    "linear",
    "loss_and_gradient",
    "mse",
    "normal",
    "predict",
    "squared_error",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]
