"""Formulas in LaTeX."""

import pytest

from tinygrad_bp.look.words.latex import formula, name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * (b + c)", r"a \, (b + c)"),
        ("a * -1 - -b", r"a \, (-1) - (-b)"),
        ("a - (b - c)", r"a - (b - c)"),
        ("2 * 3 * x", r"2 \cdot 3 \, x"),
        ("(a / b) ** 2", r"(\frac{a}{b})^{2}"),
        ("(a ** b) ** c", r"(a^{b})^{c}"),
        ("-a * b", r"-a \, b"),
        ("-(a + b)", r"-(a + b)"),
        ("a // b % c", r"a \mathbin{//} b \bmod c"),
        ("sqrt(abs(x))", r"\sqrt{\lvert x \rvert}"),
        ("tanh(x) * log(y)", r"\tanh(x) \, \log(y)"),
        ("leaky_relu(x, 0.01)", r"\operatorname{leaky\_relu}(x, 0.01)"),
        ("1e-07 * inf", r"1 \cdot 10^{-7} \, \infty"),
        ("heaviside(nan, beta_2)", r"\operatorname{heaviside}(\mathrm{nan}, \beta_{2})"),
        ("a < b", r"\mathtt{a {<} b}"),
        ("a b", r"\mathtt{a b}"),
    ],
)
def test_formulas_are_set_as_on_paper(text, expected):
    assert formula(text, {}) == expected


def test_names_stand_for_what_they_are_given_for():
    assert formula("n1_ * x", {"n1_": r"\hat{y}"}) == r"\hat{y} \, x"


def test_what_latex_would_read_as_its_own_is_escaped():
    assert name("50%_of{x}$") == r"\mathrm{50\%\_of\{x\}\${}}"
    assert name("two\nlines\\") == r"\mathrm{two⏎lines{\backslash}}"
