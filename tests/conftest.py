"""Settings of the whole suite."""

from __future__ import annotations

from hypothesis import settings

# Derandomised: the same suite gives the same answer everywhere, so a failure is the change's.
# No deadline: a noisy machine is not a bug.
settings.register_profile("default", deadline=None, derandomize=True)
# `python3 tests --hypothesis-profile=thorough` looks for what nobody has seen yet.
settings.register_profile("thorough", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile("default")

# Programs that measure; their peers are seldom installed.
collect_ignore = ["benchmarks"]
