"""No file of the package looks for a node where `==` is asked: that would compare numbers.

It is in sequences, and in dictionaries of weak references.

The suite's fixture finds this while it runs; this reads what no test may have run.
"""

from __future__ import annotations

import ast

import pytest

from tests.house.sources import module_files

SEQUENCES_OF_NODES = {"parents", "members", "operations"}
"""Attributes that hold nodes in a tuple or a list, wherever the package has one."""


def searches(source: str) -> list[int]:
    """The lines that ask `in`, `index`, `count` or `remove` of such an attribute."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            asked = [
                right
                for operator, right in zip(node.ops, node.comparators, strict=True)
                if isinstance(operator, ast.In | ast.NotIn)
            ]
        elif isinstance(node, ast.Attribute) and node.attr in ("index", "count", "remove"):
            asked = [node.value]
        else:
            continue
        if any(isinstance(a, ast.Attribute) and a.attr in SEQUENCES_OF_NODES for a in asked):
            found.append(node.lineno)
    return found


def test_no_node_is_looked_for_in_a_sequence() -> None:
    found = {
        module: lines
        for module, path in module_files().items()
        if (lines := searches(path.read_text(encoding="utf-8")))
    }

    assert not found, "ask a set, or `is`"


def test_nothing_is_kept_beside_nodes_by_weak_references_that_compare() -> None:
    found = {
        module
        for module, path in module_files().items()
        if "WeakKeyDictionary(" in path.read_text(encoding="utf-8")
    }

    assert not found, "use Beside, which asks `is`"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x in node.parents", [1]),
        ("x not in cell.members", [1]),
        ("a\nnode.parents.index(x)", [2]),
        ("trace.operations.count(x)", [1]),
        ("x in set(node.parents)", []),
        ("for x in node.parents: pass", []),
        ("x in found", []),
    ],
)
def test_a_search_is_found(source: str, lines: list[int]) -> None:
    assert searches(source) == lines
