"""Settings of the whole suite."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests import documents

# Derandomised: the same suite gives the same answer everywhere, so a failure is the change's.
# No deadline: a noisy machine is not a bug.
settings.register_profile("default", deadline=None, derandomize=True)
# `python3 tests --hypothesis-profile=thorough` looks for what nobody has seen yet.
settings.register_profile("thorough", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile("default")

# Programs that measure; their peers are seldom installed.
collect_ignore = ["benchmarks"]


def pytest_configure(config: pytest.Config) -> None:
    # As a plug-in: a conftest.py is asked only about paths beside and below itself.
    if not config.pluginmanager.is_registered(documents):
        config.pluginmanager.register(documents)
