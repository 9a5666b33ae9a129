"""Neural networks, one scalar at a time: modules, losses, optimisers, training.

>>> from tinygrad_bp import nn
>>> model = nn.MLP(2, [4, 1], activation="tanh", output_activation="sigmoid", seed=0)
>>> exclusive_or = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
>>> history = nn.fit(model, *exclusive_or, loss=nn.binary_cross_entropy,
...                  optimizer=nn.SGD(0.5), epochs=300, batch_size=1)
>>> nn.predict(model, exclusive_or[0]).round().tolist()
[[0.0], [1.0], [1.0], [0.0]]
"""

from tinygrad_bp.basics.public import door

# The public names stand in `__init__.pyi`.
__getattr__, __dir__, __all__ = door(__name__)
del door
