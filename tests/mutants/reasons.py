"""Mutants that no test can notice, or need not: each change below the reason."""

# The lines are quoted as they stand.
# ruff: noqa: E501

from __future__ import annotations

REASONS: dict[str, list[tuple[str, str, str]]] = {
    "Types and rows of the table have no `==` of their own, so it is `is`": [
        ("copies", "if type(x) is tuple:", "if type(x) == tuple:"),
        (
            "door",
            "if type(number) is float:  # Nearly all are, and every operation with a number asks.",
            "if type(number) == float:  # Nearly all are, and every operation with a number asks.",
        ),
        ("door", "if type(number) is not int:", "if type(number) != int:"),
        ("graph", "if type(x) is tuple:", "if type(x) == tuple:"),
        (
            "modes",
            "if partial is None or operand.op is CONSTANT:",
            "if partial is None or operand.op == CONSTANT:",
        ),
        (
            "node",
            "if modes.open_contexts and self.op is not CONSTANT:",
            "if modes.open_contexts and self.op != CONSTANT:",
        ),
        ("node", "return self.op is CONSTANT", "return self.op == CONSTANT"),
        (
            "node",
            "return x if type(x) is tuple else (x,)",
            "return x if type(x) == tuple else (x,)",
        ),
        ("primitive", "if type(operand) is not float:", "if type(operand) != float:"),
        ("sweep", "elif type(x) is not tuple:", "elif type(x) != tuple:"),
        (
            "sweep",
            'flows = partial is not None and getattr(parent, "op", None) is not CONSTANT',
            'flows = partial is not None and getattr(parent, "op", None) != CONSTANT',
        ),
        (
            "sweep",
            "if by_x is not None and x.op is not CONSTANT:",
            "if by_x is not None and x.op != CONSTANT:",
        ),
        (
            "sweep",
            "if by_y is not None and y.op is not CONSTANT:",
            "if by_y is not None and y.op != CONSTANT:",
        ),
        (
            "sweep",
            "if partial is not None and parent.op is not CONSTANT:",
            "if partial is not None and parent.op != CONSTANT:",
        ),
        (
            "sweep",
            "if type(partial) is float and abs(partial) == 1.0:",
            "if type(partial) == float and abs(partial) == 1.0:",
        ),
        (
            "sweep",
            "return partial if type(adjoint) is float and adjoint == 1.0 else adjoint * partial",
            "return partial if type(adjoint) == float and adjoint == 1.0 else adjoint * partial",
        ),
        (
            "value",
            "if type(other) is not Value and _is_for_others(other):",
            "if type(other) != Value and _is_for_others(other):",
        ),
        (
            "value",
            "if modes.open_contexts and not (self.op is CONSTANT and right.op is CONSTANT):",
            "if modes.open_contexts and not (self.op == CONSTANT and right.op is CONSTANT):",
        ),
        (
            "value",
            "if modes.open_contexts and not (self.op is CONSTANT and right.op is CONSTANT):",
            "if modes.open_contexts and not (self.op is CONSTANT and right.op == CONSTANT):",
        ),
        ("value", "if operand.op is not CONSTANT:", "if operand.op != CONSTANT:"),
        ("value", "if type(operand) is not Value:", "if type(operand) != Value:"),
        (
            "value",
            "if type(other) is not float and type(other) is not int:",
            "if type(other) != float and type(other) is not int:",
        ),
        (
            "value",
            "if type(other) is not float and type(other) is not int:",
            "if type(other) is not float and type(other) != int:",
        ),
        (
            "value",
            "if type(x) is not Value or type(y) is not Value:",
            "if type(x) != Value or type(y) is not Value:",
        ),
        (
            "value",
            "if type(x) is not Value or type(y) is not Value:",
            "if type(x) is not Value or type(y) != Value:",
        ),
        (
            "value",
            "if type(y) is not Value or y.op is CONSTANT or modes.open_contexts:",
            "if type(y) != Value or y.op is CONSTANT or modes.open_contexts:",
        ),
        (
            "value",
            "if type(y) is not Value or y.op is CONSTANT or modes.open_contexts:",
            "if type(y) is not Value or y.op == CONSTANT or modes.open_contexts:",
        ),
        ("value", "if x.op is CONSTANT:", "if x.op == CONSTANT:"),
        ("value", "if y.op is CONSTANT:", "if y.op == CONSTANT:"),
        ("value", "other = x if type(y) is Value else y", "other = x if type(y) == Value else y"),
        (
            "value",
            "primitive, data, x if type(x) is tuple else (x, y)[: 1 + (y is not None)]",
            "primitive, data, x if type(x) == tuple else (x, y)[: 1 + (y is not None)]",
        ),
        (
            "value",
            "return x if type(x) is Value else constant(x)",
            "return x if type(x) == Value else constant(x)",
        ),
    ],
    "Only type checkers look at it": [
        ("operand", "@overload", ""),
        ("value", "@final", ""),
    ],
    "The other branch does the same, and takes longer": [
        ("operand", "if primitive.arity == 1:", "if primitive.arity == 0:"),
        ("value", "break", "continue"),
        (
            "value",
            "for _name, _operator in list(vars(Operand).items()):",
            "for _name, _operator in []:",
        ),
        ("value", "if primitive.arity == 1:", "if primitive.arity == 0:"),
        ("value", "if type(operand) is not Value:", "if not type(operand) is not Value:"),
        ("value", "if type(operand) is not Value:", "if type(operand) == Value:"),
        ("value", "if type(operand) is not Value:", "if type(operand) is Value:"),
        (
            "value",
            "if type(other) is not float and type(other) is not int:",
            "if type(other) is not float or type(other) is not int:",
        ),
    ],
    "The number of open contexts only spares a look at what is in force": [
        (
            "modes",
            "return open_contexts > 0 and current.get().comparisons is not None",
            "return open_contexts != 0 and current.get().comparisons is not None",
        ),
        (
            "modes",
            "return open_contexts > 0 and current.get().comparisons is not None",
            "return open_contexts > -1 and current.get().comparisons is not None",
        ),
        (
            "modes",
            "return open_contexts > 0 and current.get().comparisons is not None",
            "return open_contexts >= 0 and current.get().comparisons is not None",
        ),
        (
            "modes",
            "return open_contexts > 0 and current.get().is_strict",
            "return open_contexts != 0 and current.get().is_strict",
        ),
        (
            "modes",
            "return open_contexts > 0 and current.get().is_strict",
            "return open_contexts > -1 and current.get().is_strict",
        ),
        (
            "modes",
            "return open_contexts > 0 and current.get().is_strict",
            "return open_contexts >= 0 and current.get().is_strict",
        ),
    ],
    "One list of ancestors more in the pickle, of nodes that are in it already": [
        (
            "copies",
            "order = topological_order(self.node)[:-1]",
            "order = topological_order(self.node)[:- 2]",
        ),
        (
            "copies",
            "order = topological_order(self.node)[:-1]",
            "order = topological_order(self.node)[:~1]",
        ),
    ],
    "The frames of this package are passed over anyway": [
        ("lines", "frame = sys._getframe(1)", "frame = sys._getframe( 0)"),
        ("lines", "frame = sys._getframe(1)", "frame = sys._getframe( 2)"),
    ],
    "It is called on values alone, and a value's `apply` is that of its class": [
        ("operand", "@classmethod", ""),
    ],
    "The number missing is never 0: a call with all operands does not come here": [
        (
            "primitive",
            "if not 0 < missing <= len(self.defaults):",
            "if not -1 < missing <= len(self.defaults):",
        ),
        (
            "primitive",
            "if not 0 < missing <= len(self.defaults):",
            "if not 0 <= missing <= len(self.defaults):",
        ),
    ],
    "The variables are new, so that none of them is in the set": [
        (
            "functional",
            "self._token = _live.set(self._outer | set(self.variables))",
            "self._token = _live.set(self._outer ^ set(self.variables))",
        ),
    ],
    "A set is never longer than the list that it is made of": [
        ("functional", "if len(set(found)) < len(found):", "if len(set(found)) != len(found):"),
    ],
    "Both distances are 0 just where x is": [
        (
            "primitives",
            'atan2        = row("atan2",         "atan2({}, {})", math.atan2,            lambda z, x, y: atan2_partials(hypot(x, y), x, y), kink=lambda x, y: math.hypot(x, y) if y > 0.0 else x)',
            'atan2        = row("atan2",         "atan2({}, {})", math.atan2,            lambda z, x, y: atan2_partials(hypot(x, y), x, y), kink=lambda x, y: math.hypot(x, y) if y >= 0.0 else x)',
        ),
    ],
    "What is set at first is set again before anybody looks": [
        ("functional", "self._as_graph = False", "self._as_graph = True"),
    ],
    "At 0 both sides of the bend are 0": [
        (
            "ieee",
            "return (x if x > 0.0 else 0.0) + math.log1p(math.exp(-abs(x)))",
            "return (x if x >= 0.0 else 0.0) + math.log1p(math.exp(-abs(x)))",
        ),
    ],
    "An infinity is what is scaled": [
        (
            "ieee",
            "return copysign(inf, x) * copysign(1.0, y)",
            "return copysign(inf, x) * copysign( 2.0, y)",
        ),
    ],
    "Only large operands overflow": [
        ("ieee", "return inf if x > 0.0 else below", "return inf if x > -1.0 else below"),
        ("ieee", "return inf if x > 0.0 else below", "return inf if x > 1.0 else below"),
        ("ieee", "return inf if x > 0.0 else below", "return inf if x >= 0.0 else below"),
    ],
    "Between -1 and 1 the two forms differ by 2 units at most, and each is right to 2": [
        ("ieee", "if x >= 0.0:", "if x > 0.0:"),
        ("ieee", "if x >= 0.0:", "if x >= -1.0:"),
        ("ieee", "if x >= 0.0:", "if x >= 1.0:"),
    ],
    "Any factor near 2**27 cuts a float into halves whose products are exact": [
        ("ieee", "scaled = 134217729.0 * x  # 2**27 + 1", "scaled = 134217728.0 * x  # 2**27 + 1"),
        ("ieee", "scaled = 134217729.0 * x  # 2**27 + 1", "scaled = 134217730.0 * x  # 2**27 + 1"),
    ],
    "From 38.6 on it is 0 anyway": [
        (
            "ieee",
            "if abs(x) > 40.0 or isnan(x):  # below the smallest subnormal; `split` fails at inf",
            "if abs(x) > 39.0 or isnan(x):  # below the smallest subnormal; `split` fails at inf",
        ),
        (
            "ieee",
            "if abs(x) > 40.0 or isnan(x):  # below the smallest subnormal; `split` fails at inf",
            "if abs(x) > 41.0 or isnan(x):  # below the smallest subnormal; `split` fails at inf",
        ),
        (
            "ieee",
            "if abs(x) > 40.0 or isnan(x):  # below the smallest subnormal; `split` fails at inf",
            "if abs(x) >= 40.0 or isnan(x):  # below the smallest subnormal; `split` fails at inf",
        ),
    ],
    "Called inside the package alone, and by name": [
        (
            "functional",
            "def _lowered(self, number: Any, *, as_graph: bool) -> Any:",
            "def _lowered(self, number: Any, /, as_graph: bool) -> Any:",
        ),
        ("sweep", "node: Node, *, as_graph: bool = False", "node: Node, /, as_graph: bool = False"),
        (
            "sweep",
            "order: Sequence[Node], seeds: Mapping[Any, Any], *, as_graph: bool = False",
            "order: Sequence[Node], seeds: Mapping[Any, Any], /, as_graph: bool = False",
        ),
    ],
    "`nan` with anything is `nan`": [
        ("ieee", "return x * nan if isnan(x) else 0.0", "return x % nan if isnan(x) else 0.0"),
        ("ieee", "return x * nan if isnan(x) else 0.0", "return x ** nan if isnan(x) else 0.0"),
        ("ieee", "return x * nan if isnan(x) else 0.0", "return x + nan if isnan(x) else 0.0"),
        ("ieee", "return x * nan if isnan(x) else 0.0", "return x - nan if isnan(x) else 0.0"),
        ("ieee", "return x * nan if isnan(x) else 0.0", "return x / nan if isnan(x) else 0.0"),
        ("ieee", "return x * nan if isnan(x) else 0.0", "return x // nan if isnan(x) else 0.0"),
    ],
    "To multiply by 1 or -1 is to divide by it": [
        (
            "ieee",
            "return copysign(inf, x) * copysign(1.0, y)",
            "return copysign(inf, x) / copysign(1.0, y)",
        ),
    ],
    "x is nowhere near: 0, or the interval around it, was before": [
        (
            "ieee",
            "return x if isnan(x) else float(x > 0.0)",
            "return x if isnan(x) else float(x > -1.0)",
        ),
        (
            "ieee",
            "return x if isnan(x) else float(x > 0.0)",
            "return x if isnan(x) else float(x > 1.0)",
        ),
        (
            "ieee",
            "return x if isnan(x) else float(x > 0.0)",
            "return x if isnan(x) else float(x >= 0.0)",
        ),
    ],
    "Beyond these bounds the formula gives 0 and 1, too": [
        ("ieee", "if not -40.0 < x < 9.0:", "if not - 39.0 < x < 9.0:"),
        ("ieee", "if not -40.0 < x < 9.0:", "if not - 41.0 < x < 9.0:"),
        ("ieee", "if not -40.0 < x < 9.0:", "if not -40.0 < x < 10.0:"),
        ("ieee", "if not -40.0 < x < 9.0:", "if not -40.0 < x <= 9.0:"),
        ("ieee", "if not -40.0 < x < 9.0:", "if not -40.0 <= x < 9.0:"),
    ],
    "A power that overflows below 0 has a whole exponent": [
        (
            "ieee",
            "return -inf if x < 0.0 and y % 2.0 == 1.0 else inf",
            "return -inf if x < 0.0 and y % 2.0 >= 1.0 else inf",
        ),
    ],
    "What is beyond the pole does not come here": [
        ("ieee", "return -inf if x == pole else nan", "return -inf if x >= pole else nan"),
        (
            "ieee",
            "return copysign(inf, x) if abs(x) == 1.0 else nan",
            "return copysign(inf, x) if abs(x) <= 1.0 else nan",
        ),
    ],
    "Only 1 and -1 come here": [
        (
            "sweep",
            "return adjoint if partial == 1.0 else -adjoint",
            "return adjoint if partial >= 1.0 else -adjoint",
        ),
    ],
    "0 to any power does not overflow, and above 0 every power is defined": [
        ("ieee", "if x != 0.0:", "if x < 0.0:"),
        (
            "ieee",
            "return -inf if x < 0.0 and y % 2.0 == 1.0 else inf",
            "return -inf if x <= 0.0 and y % 2.0 == 1.0 else inf",
        ),
    ],
    "Forward and reverse mode give the same table": [
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if len(outputs) != len(trace.variables):",
        ),
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if len(outputs) < len(trace.variables):",
        ),
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if len(outputs) == len(trace.variables):",
        ),
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if len(outputs) > len(trace.variables):",
        ),
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if len(outputs) >= len(trace.variables):",
        ),
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if len(outputs) is len(trace.variables):",
        ),
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if len(outputs) is not len(trace.variables):",
        ),
        (
            "functional",
            "if len(outputs) <= len(trace.variables):",
            "if not len(outputs) <= len(trace.variables):",
        ),
    ],
    "A number modulo itself is 0, and modulo what it was rounded to is not": [
        (
            "primitives",
            "return slope * power_rest(x, n) if n - (n - 1.0 + 1.0) else slope",
            "return slope * power_rest(x, n) if n % (n - 1.0 + 1.0) else slope",
        ),
    ],
    "The list has one element": [
        ("functional", "return found[0]", "return found[ -1]"),
        (
            "functional",
            "return parts[0] if isinstance(argnums, SupportsIndex) else parts",
            "return parts[ -1] if isinstance(argnums, SupportsIndex) else parts",
        ),
        (
            "structure",
            "pairs.append(array(flat, both) if is_array else flat[0])",
            "pairs.append(array(flat, both) if is_array else flat[ -1])",
        ),
        (
            "structure",
            "return array(own, block.shape) if isinstance(block, np.ndarray) else own[0]",
            "return array(own, block.shape) if isinstance(block, np.ndarray) else own[ -1]",
        ),
    ],
    "The lengths are the same: the line before, or the row, has seen to it": [
        (
            "functional",
            "for output, seed in zip(outputs, seeds, strict=True):",
            "for output, seed in zip(outputs, seeds, strict=False):",
        ),
        (
            "functional",
            "for position, argument in zip(positions, lifted, strict=True):",
            "for position, argument in zip(positions, lifted, strict=False):",
        ),
        (
            "functional",
            "return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in outputs]",
            "return [list(row) for row in zip(*columns, strict=False)] if columns else [[] for _ in outputs]",
        ),
        (
            "functional",
            "start = dict(zip(self.variables, seeds, strict=True))",
            "start = dict(zip(self.variables, seeds, strict=False))",
        ),
        (
            "modes",
            "for position, (operand, partial) in enumerate(zip(operands, partials, strict=True)):",
            "for position, (operand, partial) in enumerate(zip(operands, partials, strict=False)):",
        ),
        (
            "structure",
            "parts = list(zip(model, given, strict=True))",
            "parts = list(zip(model, given, strict=False))",
        ),
        (
            "sweep",
            "for parent, partial in zip(*parents_and_partials(node), strict=True):",
            "for parent, partial in zip(*parents_and_partials(node), strict=False):",
        ),
        (
            "sweep",
            "for parent, partial in zip(x, found, strict=True):",
            "for parent, partial in zip(x, found, strict=False):",
        ),
        (
            "value",
            "for node, grad in zip(nodes, grads, strict=True):",
            "for node, grad in zip(nodes, grads, strict=False):",
        ),
    ],
    "A product of no operands is a number and no node": [
        ("primitives", "if len(xs) == 1:", "if len(xs) <= 1:"),
    ],
    "Any number but 0 says that the condition holds": [
        (
            "sweep",
            "return None if one is None or other is None else where(one, 1.0, other)",
            "return None if one is None or other is None else where(one, 2.0, other)",
        ),
    ],
}
"""By reason: the module, its line as it is, and as the mutant has it."""
