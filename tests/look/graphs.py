"""Graphs that the tests of pictures draw."""

import tinygrad_bp
from tinygrad_bp import Value
from tinygrad_bp.look.picture.picture import Node, Picture


def square_plus_triple():
    """The operand and the result of x*x + 3x at 2, after backward: the gradient is 7."""
    x = Value(2.0, label="x")
    y = x * x + 3 * x
    y.backward()
    return x, y


def neuron(path, inputs, weights):
    """The output of one more application of a neuron, labelled as `nn` labels it."""
    total = inputs[0] * weights[0]
    for operand, weight in zip(inputs[1:], weights[1:], strict=True):
        total = total + operand * weight
    output = tinygrad_bp.tanh(total)
    output.label = path
    return output


def parameters(path, count):
    start = 0.5 + sum(map(int, filter(str.isdecimal, path.split("."))))
    return [Value(start + i, label=f"{path}.w.{i}") for i in range(count)]


def network(widths, examples, prefix=""):
    """The outputs of a network of neurons for each example, one list per example."""
    layers = [
        [f"{prefix}layers.{depth}.neurons.{j}" for j in range(count)]
        for depth, count in enumerate(widths[1:])
    ]
    weights = {
        path: parameters(path, width)
        for width, layer in zip(widths, layers, strict=False)
        for path in layer
    }
    outputs = []
    for inputs in examples:
        values = list(inputs)
        for layer in layers:
            values = [neuron(path, values, weights[path]) for path in layer]
        outputs.append(values)
    return outputs


def points(count, width):
    return [[Value(0.1 * (i + k), label=f"x{k}_{i}") for i in range(width)] for k in range(count)]


def chain(length):
    start = Value(1.0, label="start")
    end = start
    for _ in range(length):
        end = -end
    return start, end


def words(node: Node) -> str:
    """All that can be read on a node."""
    return " ".join(f"{row.left} {row.right}".strip() for row in node.rows)


def node_named(picture: Picture, name: str) -> Node:
    (node,) = [node for node in picture.nodes if node.rows[0].left == name]
    return node
