"""Tests of the core: the node, the sweeps, and what is derived from the table."""
