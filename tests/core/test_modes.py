"""strict and no_grad: what they do, what they say, and whom they leave alone."""

import asyncio
import math
import sys
import threading

import numpy as np
import pytest

import tinygrad_bp
from tinygrad_bp import (
    NonFiniteError,
    Value,
    constant,
    exp,
    log,
    no_grad,
    source_line,
    source_lines,
    strict,
)
from tinygrad_bp.graph import modes


@pytest.fixture(autouse=True)
def _every_context_is_left_again():
    yield
    assert modes.open_contexts == 0
    assert modes.current.get() == modes.DEFAULT


def message_of(function):
    with strict(), pytest.raises(NonFiniteError) as refusal:
        function()
    return str(refusal.value)


# strict: forward ------------------------------------------------------------------------


def test_without_strict_nothing_raises():
    x = Value(0.0)

    assert [(1.0 / x).data, log(x).data, log(Value(-1.0)).data > 0] == [math.inf, -math.inf, False]
    assert [exp(Value(1000.0)).data, str((Value(-8.0) ** 0.5).data)] == [math.inf, "nan"]


def test_the_message_names_operation_operands_labels_and_the_users_line():
    x = Value(0.0, label="x")
    message = message_of(lambda: 1.5 / x)
    line = sys._getframe().f_lineno - 1

    assert message == (
        f"1.5 / x (divide) is inf where x = 0.0, a pole; "
        f"{__file__}, line {line}: message = message_of(lambda: 1.5 / x)"
    )


def test_operands_without_labels_are_shown_as_numbers():
    assert message_of(lambda: Value(-8.0) ** 0.5).startswith(
        "(-8.0) ** 0.5 (pow_constant) is nan, "
    )
    assert message_of(lambda: tinygrad_bp.sum([Value(1e308), 1e308, 2.0])).startswith(
        "sum(1e+308, 1e+308, 2.0) (sum) is inf, too large for a float;"
    )


def test_a_line_of_a_program_without_a_file_is_named_by_number_alone():
    program = compile("1.0 / x", "<cell>", "eval")

    assert message_of(lambda: eval(program, {"x": Value(0.0)})).endswith("; <cell>, line 1")


def test_the_line_is_the_users_and_not_numpys():
    array = tinygrad_bp.values(np.array([1e308, 1e308]))

    assert __file__ in message_of(lambda: array.mean())
    assert __file__ in message_of(lambda: np.exp(array * 1e-305))


@pytest.mark.parametrize("given", [math.inf, math.nan])
def test_what_was_not_finite_before_does_not_raise(given):
    with strict():
        x = Value(given) * 2.0 + 1.0
        tinygrad_bp.sum([x, 1.0, 2.0])
        x.backward()

    assert str(x.data) == str(given)


def test_operations_on_constants_are_watched_too():
    with strict(), no_grad():
        y = Value(1e200) * 1.0
        with pytest.raises(NonFiniteError, match="multiply"):
            y * y
        with pytest.raises(NonFiniteError, match="exp"):
            exp(constant(1000.0))
        with pytest.raises(NonFiniteError, match="sum"):
            tinygrad_bp.sum([constant(1e308), constant(1e308), 0.0])


# strict: backward -----------------------------------------------------------------------


def test_a_derivative_that_is_not_finite_raises_in_backward():
    x = Value(0.0, label="x")
    y = x.sqrt()
    message = message_of(y.backward)

    assert message.startswith("the derivative of sqrt(x) (sqrt) is inf where x = 0.0, ")
    assert __file__ in message
    assert x.grad == y.grad == 0.0


@pytest.mark.parametrize(
    "takes", [lambda y, x: tinygrad_bp.gradient(y, x), lambda y, _x: y.backward()]
)
def test_a_gradient_that_overflows_between_finite_derivatives_raises(takes):
    x = Value(1e-300, label="x")
    y = (x * 1e200) * 1e200
    message = message_of(lambda: takes(y, x))

    assert message.startswith("1e+200 * 1e+200, the derivative of x * 1e+200 (multiply), is inf")


def test_a_derivative_by_a_constant_is_nobodys_business():
    y = Value(0.5)
    z = 0.0**y
    with strict():
        z.backward()

    assert y.grad == 0.0
    assert tinygrad_bp.local_partials(z)[0] == math.inf


def test_after_a_constant_the_other_operands_are_watched():
    x = Value(1e-200, label="x")
    y = 1e-10 / x

    assert message_of(y.backward).startswith("the derivative of 1e-10 / x (divide) by x is -inf")


def test_where_the_operation_stands_is_told_too_if_it_is_known():
    with source_lines():
        y = Value(0.0).sqrt()
    message = message_of(y.backward)

    assert message.endswith(f"; the operation stands in {source_line(y)}")
    assert source_line(y).text == "y = Value(0.0).sqrt()"


def test_a_sum_of_gradients_that_overflows_raises():
    x = Value(1e-10, label="x")
    y = x * 1e308 + x * 1e308

    assert message_of(y.backward).startswith("1e+308 + 1.0 * 1e+308, the derivative of ")


def test_a_tangent_that_overflows_raises():
    def pushed():
        return tinygrad_bp.jvp(lambda x: (x * 1e200) * 1e200, (1e-300,), (1.0,))

    assert message_of(pushed).startswith("1e+200 * 1e+200, the derivative of")
    assert pushed() == (pytest.approx(1e100), math.inf)


def test_a_gradient_as_graph_is_watched_as_it_is_made():
    x = Value(1e-300)
    y = (x * 1e200) * 1e200

    assert "(multiply) is inf" in message_of(lambda: tinygrad_bp.gradient(y, x, create_graph=True))


def test_strict_backward_of_a_sound_graph_gives_the_same_gradients():
    x = Value(2.0)
    y = tinygrad_bp.where(x, x * x, 3.0)
    with strict():
        y.backward()

    assert x.grad == 4.0


# no_grad --------------------------------------------------------------------------------


def test_under_no_grad_results_are_constants_with_the_same_numbers():
    x = Value(3.0)
    with no_grad():
        found = [x * x, exp(x), tinygrad_bp.sum([x, x, x]), +x]

    assert [(v.data, v.parents, v.is_constant) for v in found] == [
        (9.0, (), True), (math.exp(3.0), (), True), (9.0, (), True), (3.0, (), True),
    ]  # fmt: skip


def test_a_leaf_made_under_no_grad_is_a_leaf():
    with no_grad():
        x = Value(3.0)
    (x * x).backward()

    assert x.grad == 6.0


def test_after_no_grad_operations_record_again():
    x = Value(3.0)
    with no_grad():
        c = x * x
    y = c * x
    y.backward()

    assert x.grad == 9.0


def test_backward_works_under_no_grad_on_a_graph_made_before():
    x = Value(3.0)
    y = x * x
    with no_grad():
        y.backward()

    assert x.grad == 6.0


# Both: nesting, decorators, generators ----------------------------------------------------


def modes_now():
    y = Value(1.0) * 1.0
    return ("no_grad" if y.is_constant else "records", modes.is_strict())


def test_contexts_nest_and_end_in_order():
    seen = [modes_now()]
    with strict():
        with no_grad():
            seen.append(modes_now())
            with modes.recording():
                seen.append(modes_now())
            with no_grad(), strict():
                seen.append(modes_now())
            seen.append(modes_now())
        seen.append(modes_now())
    seen.append(modes_now())

    assert seen == [
        ("records", False), ("no_grad", True), ("records", True), ("no_grad", True),
        ("no_grad", True), ("records", True), ("records", False),
    ]  # fmt: skip


def test_one_context_may_be_entered_again_while_it_is_open():
    setting = no_grad()
    with setting, setting:
        pass

    assert modes_now() == ("records", False)


def test_an_exception_leaves_the_context():
    with pytest.raises(KeyError), strict(), no_grad():
        raise KeyError

    assert modes_now() == ("records", False)


def test_as_decorators_they_keep_name_arguments_and_result():
    @strict()
    @no_grad()
    def look(*args, **kwargs):
        """What is in force."""
        return args, kwargs, modes_now()

    assert look(1, a=2) == ((1,), {"a": 2}, ("no_grad", True))
    assert (look.__name__, look.__doc__) == ("look", "What is in force.")
    assert modes_now() == ("records", False)


def test_whatever_is_decorated_keeps_its_name():
    @no_grad()
    def steps():
        yield

    @no_grad()
    async def later():
        """Not now."""

    assert [steps.__name__, later.__name__, later.__doc__] == ["steps", "later", "Not now."]


def test_what_is_in_force_by_default_is_not_to_be_changed():
    with pytest.raises(AttributeError):
        modes.DEFAULT.is_strict = True


def test_each_setting_has_its_opposite_and_leaves_the_others_alone():
    x = Value(0.0)
    with strict(), modes.lenient():
        y = 1.0 / x

    assert y.data == math.inf
    with strict():
        assert source_line(x * 1.0) is None


def test_a_decorated_function_may_call_itself():
    @no_grad()
    def count(n):
        return [modes_now(), *(count(n - 1) if n else [])]

    assert count(3) == [("no_grad", False)] * 4


def test_a_decorated_coroutine_runs_under_the_setting():
    @no_grad()
    async def look():
        await asyncio.sleep(0)
        return modes_now()

    assert asyncio.run(look()) == ("no_grad", False)


def test_a_decorated_generator_runs_under_the_setting_and_its_caller_does_not():
    @no_grad()
    def steps():
        seen = [modes_now()]
        while len(seen) < 3:
            sent = yield seen[-1]
            seen.append((sent, modes_now()))
        return seen

    generator = steps()
    outside = []
    assert next(generator) == ("no_grad", False)
    outside.append(modes_now())
    assert generator.send("a") == ("a", ("no_grad", False))
    outside.append(modes_now())
    with pytest.raises(StopIteration) as end:
        generator.send("b")

    assert end.value.value[-1] == ("b", ("no_grad", False))
    assert outside == [("records", False)] * 2


def test_a_decorated_generator_gets_what_is_thrown_into_it():
    closed = []

    @no_grad()
    def steps():
        try:
            yield 1
        except KeyError:
            yield modes_now()
        finally:
            closed.append(modes_now())

    thrown, stopped = steps(), steps()
    next(thrown)
    next(stopped)
    stopped.close()

    assert thrown.throw(KeyError()) == ("no_grad", False)
    assert list(thrown) == []
    assert closed == [("no_grad", False)] * 2


def test_an_asynchronous_generator_is_refused_with_a_way_out():
    with pytest.raises(TypeError, match=r"cannot decorate the asynchronous generator.*use `with`"):

        @no_grad()
        async def steps():
            yield 1


# Threads and tasks ------------------------------------------------------------------------


def test_other_threads_are_not_affected():
    seen = []
    inside, looked = threading.Event(), threading.Event()

    def look():
        inside.wait()
        seen.append(modes_now())
        looked.set()

    thread = threading.Thread(target=look)
    thread.start()
    with no_grad(), strict():
        inside.set()
        looked.wait()
    thread.join()

    assert seen == [("records", False)]


def test_asynchronous_tasks_do_not_leak_into_each_other():
    async def under(*settings):
        for setting in settings:
            setting.__enter__()
        seen = []
        for _ in range(3):
            seen.append(modes_now())
            await asyncio.sleep(0)
        for setting in reversed(settings):
            setting.__exit__(None, None, None)
        return set(seen)

    async def all_of_them():
        return await asyncio.gather(under(no_grad()), under(strict()), under())

    assert asyncio.run(all_of_them()) == [
        {("no_grad", False)}, {("records", True)}, {("records", False)},
    ]  # fmt: skip


def test_many_threads_count_open_contexts_exactly():
    def work():
        for _ in range(500):
            with no_grad():
                assert (Value(1.0) * 2.0).is_constant

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert modes.open_contexts == 0


# While a program is recorded ----------------------------------------------------------------


def test_strict_speaks_while_a_program_is_recorded_too():
    with strict(), modes.watching(), pytest.raises(NonFiniteError, match=r"1\.0 / x \(divide\)"):
        1.0 / Value(0.0, label="x")


def test_every_comparison_of_a_recorded_program_is_noted():
    x, y = Value(2.0), Value(3.0)
    with modes.watching() as comparisons:
        outcomes = [x < y, x >= 5.0, bool(x), constant(1.0) < 2.0]
    bool(x)

    assert outcomes == [True, False, True, True]
    assert [(c.symbol, c.outcome) for c in comparisons] == [
        ("<", True),
        (">=", False),
        ("!=", True),
    ]


def test_comparisons_of_other_programs_are_no_business_of_anybody():
    with strict(), no_grad():
        assert Value(1.0) < 2.0
        assert Value(1.0)


def test_a_recorded_program_records_under_no_grad_and_gives_no_number_away():
    x = Value(2.0)
    with no_grad(), modes.watching():
        assert not (x * x).is_constant
        with pytest.raises(modes.RecordingError, match=r"the data of .* was read"):
            x.data  # noqa: B018
        assert constant(1.0).data == 1.0
    with strict():
        assert x.data == 2.0
    with modes.watching(), pytest.raises(modes.RecordingError, match=r"the data of .* was read"):
        x.data  # noqa: B018


def test_what_was_asked_and_answered_stays_as_it_was():
    with modes.watching() as comparisons:
        bool(Value(1.0) < 2.0)

    with pytest.raises(AttributeError):
        comparisons[0].outcome = False
