"""Plots: training, planes, curves."""
