"""A graph: nodes, their order, the sweeps over it, and its linear form."""
