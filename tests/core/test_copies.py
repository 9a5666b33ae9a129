"""Copies and pickles: identities kept, any depth, and nothing left behind by a failure."""

import copy
import io
import pickle
import subprocess
import sys

import pytest

import tinygrad_bp
from tinygrad_bp import Value, constant, register, topological_order
from tinygrad_bp.rows.primitive import BY_NAME, CONSTANT

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def dumps_in_python(thing, protocol):
    """As the pickler that is written in Python does it."""
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(thing)
    return file.getvalue()


def by_pickle(dumps, protocol):
    return lambda thing: pickle.loads(dumps(thing, protocol))


WAYS = [
    *[pytest.param(by_pickle(pickle.dumps, p), id=f"pickle {p}") for p in PROTOCOLS],
    *[pytest.param(by_pickle(dumps_in_python, p), id=f"pickle in Python {p}") for p in PROTOCOLS],
    pytest.param(copy.deepcopy, id="deepcopy"),
]


def everything(node):
    """What there is to know about a graph: for each node its facts, operands by number."""
    order = topological_order(node)
    number = {each: i for i, each in enumerate(order)}
    return [(n.data, n.grad, n.op, n.label, tuple(number[p] for p in n.parents)) for n in order]


def example():
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    y = (x * w + 1.0).tanh() * x * x + tinygrad_bp.sum([x, w, x]) ** 2.0
    y.label = "y"
    y.backward()
    return y


def chain(length):
    x = Value(0.0)
    y = x
    for _ in range(length):
        y = y + x
    return y


@pytest.mark.parametrize("copied", WAYS)
def test_a_copy_is_equal_in_everything_and_shares_nothing(copied):
    y = example()
    found = copied(y)

    assert everything(found) == everything(y)
    assert set(topological_order(found)).isdisjoint(topological_order(y))


@pytest.mark.parametrize("copied", WAYS)
def test_a_copy_goes_back_by_itself(copied):
    y = example()
    before = everything(y)
    found = copied(y)
    found.zero_grad()
    found.backward()

    assert everything(found) == before == everything(y)


@pytest.mark.parametrize("copied", WAYS)
def test_two_outputs_keep_what_they_share(copied):
    x = Value(2.0)
    shared = x * x
    outputs = {"first": [shared + 1.0], "second": (shared * x, x)}
    found = copied(outputs)
    first, (second, x_again) = found["first"][0], found["second"]

    assert first.parents[0] is second.parents[0]
    assert second.parents[1] is x_again is first.parents[0].parents[0]


@pytest.mark.parametrize("copied", WAYS)
def test_leaves_and_constants_are_copied_as_such(copied):
    leaf, number = copied([Value(2.0, label="w"), constant(3.0, label="c")])

    assert (leaf.data, leaf.label, leaf.op, leaf.parents) == (2.0, "w", None, ())
    assert (number.data, number.label, number.is_constant) == (3.0, "c", True)
    assert number.op is CONSTANT


@pytest.mark.parametrize("copied", WAYS)
def test_deep_graphs_are_copied_without_recursion(copied):
    limit = sys.getrecursionlimit()
    y = chain(3000)
    sys.setrecursionlimit(200 + recursion_depth())
    try:
        found = copied([y, y.parents[0]])
    finally:
        sys.setrecursionlimit(limit)

    assert found[0].parents[0] is found[1]
    assert len(topological_order(found[0])) == 3001


def recursion_depth():
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("copied", WAYS)
def test_operands_that_are_zero_are_copied(copied, zero):
    x = Value(zero)
    found = copied((x * x) + x)

    assert everything(found) == everything((x * x) + x)


def test_a_pickle_is_read_in_another_process():
    y = example()
    program = (
        "import pickle, sys; y = pickle.load(sys.stdin.buffer); y.zero_grad(); y.backward();"
        "print([(n.data, n.grad) for n in __import__('tinygrad_bp').leaves(y)])"
    )
    root = tinygrad_bp.__file__.rpartition("tinygrad_bp")[0]
    found = subprocess.run(
        [sys.executable, "-c", program], input=pickle.dumps(y), capture_output=True, cwd=root,
        check=True,
    )  # fmt: skip

    assert found.stdout.decode().strip() == str([(n.data, n.grad) for n in tinygrad_bp.leaves(y)])


def test_copy_copy_is_one_new_node_with_the_same_operands():
    x = Value(2.0, label="x")
    y = x * x
    y.label = "y"
    y.backward()
    other = copy.copy(y)

    assert other is not y
    assert (other.data, other.grad, other.op, other.label) == (4.0, 1.0, y.op, "y")
    assert other.parents == (x, x)


def test_deepcopy_takes_what_the_memo_has():
    x = Value(2.0)
    y = x * x
    replacement = Value(5.0)
    found = copy.deepcopy(y, {id(x): replacement})

    assert found.parents == (replacement, replacement)


def test_deepcopy_of_an_object_keeps_parameters_and_outputs_together():
    class Model:
        def __init__(self):
            self.w = Value(2.0)
            self.output = self.w * 3.0

    found = copy.deepcopy(Model())

    assert found.output.parents[0] is found.w


def test_a_primitive_is_copied_and_pickled_as_itself():
    for primitive in (*BY_NAME.values(), CONSTANT):
        if primitive.name in tinygrad_bp.rows.primitive.BY_NAME or primitive is CONSTANT:
            assert copy.copy(primitive) is copy.deepcopy(primitive) is primitive
            assert pickle.loads(pickle.dumps(primitive)) is primitive


def test_a_graph_of_an_unknown_operation_says_what_to_import():
    register("fleeting", "fleeting({})", float, lambda *_: (1.0,))
    pickled = pickle.dumps(Value(1.0).fleeting())
    BY_NAME.pop("fleeting")

    with pytest.raises(LookupError, match=r"no primitive 'fleeting' here.*import the module"):
        pickle.loads(pickled)


class DiskFullError(Exception):
    pass


class FullDisk(io.RawIOBase):
    """A file that fails after some bytes."""

    def __init__(self, room):
        self.room = room

    def writable(self):
        return True

    def write(self, data):
        self.room -= len(bytes(data))
        if self.room < 0:
            raise DiskFullError
        return len(bytes(data))


@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler])
@pytest.mark.parametrize("room", [0, 10, 70_000, 150_000])
def test_after_a_failure_in_the_middle_graphs_are_pickled_as_before(pickler, room):
    y = chain(20_000)
    with pytest.raises(DiskFullError) as failure:
        pickler(FullDisk(room), 2).dump(y)
    found = pickle.loads(pickle.dumps(y))

    assert failure.traceback  # which may hold the frames of the failed pickling
    assert len(topological_order(found)) == 20_001


class OfItsOwn(pickle._Pickler):
    """Pickles a second graph, separately, in the middle of a first."""

    def persistent_id(self, thing):
        if thing is self.at:
            self.inner = pickle.dumps(self.other)


def test_one_pickling_in_the_middle_of_another():
    first, second = chain(2000), chain(3000)
    pickler = OfItsOwn(io.BytesIO())
    pickler.at, pickler.other = topological_order(first)[700], second
    pickler.dump(first)

    assert len(topological_order(pickle.loads(pickler.inner))) == 3001


def test_pickles_of_two_threads_do_not_disturb_each_other():
    import threading

    graphs = [chain(3000) for _ in range(3)]
    found = [None] * 3

    def work(i):
        found[i] = pickle.loads(dumps_in_python(graphs[i], 4))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [len(topological_order(y)) for y in found] == [3001] * 3
