"""Each document's arithmetic in plain NumPy, independent of the engine it is compared with.

Nothing here imports ``tinygrad_bp``: gradients are written out by hand from the mathematics, so
that agreement with the engine means something. Every function takes its start weights and returns
new arrays.
"""
