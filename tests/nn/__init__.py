"""Tests of `tinygrad_bp.nn`: networks and their training."""
