"""Mutants that no test can notice, or need not: each change below the reason."""

from __future__ import annotations

REASONS: dict[str, list[tuple[str, str, str]]] = {}
"""By reason: the module, its line as it is, and as the mutant has it."""
