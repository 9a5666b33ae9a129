"""What cosmic-ray changes in a module, one place at a time."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

LEFT_OUT = re.compile(
    "Variable"  # does nothing unless it is told names
    "|ReplaceBinaryOperator_(Add|Sub|Mul|Div|FloorDiv|Mod|Pow)_(Bit|LShift|RShift)"  # no floats
)


@dataclass(frozen=True)
class Mutant:
    """A module with one thing changed."""

    module: str
    operator: str
    line: int
    """The first line that is different."""
    before: str
    after: str
    """That line as it was, and as it is now."""
    code: str

    @property
    def key(self) -> str:
        """The same for the same text of the module, whatever the number of the mutant."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:16]

    @property
    def change(self) -> tuple[str, str, str]:
        """What a reason is given for, wherever in the module it is."""
        return self.module, self.before, self.after


def mutants(module: Path) -> Iterator[Mutant]:
    """All that make another program; the same change found twice counts once."""
    code = module.read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(code)))
    seen = {_program(code)}
    for name in sorted(operator_names()):
        if LEFT_OUT.search(name):
            continue
        operator = get_operator(name)()
        places = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        for place in range(places):
            changed = mutate_code(code, operator, place)
            if changed is None or (program := _program(changed)) in seen:
                continue
            seen.add(program)
            yield _mutant(module, name.removeprefix("core/"), code, changed)


def _mutant(module: Path, operator: str, code: str, changed: str) -> Mutant:
    before, after = code.splitlines(), changed.splitlines()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    _, i, j, k, m = next(block for block in matcher.get_opcodes() if block[0] != "equal")
    old, new = (" ".join(map(str.strip, lines)).strip() for lines in (before[i:j], after[k:m]))
    return Mutant(module.stem, operator, i + 1, old, new, changed)


def _program(code: str) -> str:
    """What runs: not the annotations, which nothing evaluates."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return code
    return ast.dump(_Bare().visit(tree))


class _Bare(ast.NodeTransformer):
    """Takes the annotations away."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg, None)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)
