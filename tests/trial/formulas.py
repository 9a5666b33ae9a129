"""Formulas of physics and statistics, as text that both SymPy and this engine can read.

A letter stands for a number between 0.5 and 2, unless the formula says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Range = tuple[float, float]
USUAL: Range = (0.5, 2.0)


@dataclass(frozen=True)
class Formula:
    """A formula by name; `ranges` holds where letters lie that do not lie where they usually do."""

    name: str
    text: str
    ranges: dict[str, Range] = field(default_factory=dict)


def formula(name: str, text: str, **ranges: Range) -> Formula:
    """The formula, with ranges by letter."""
    return Formula(name, text, ranges)


MECHANICS = [
    formula("distance fallen", "h + v * t - g * t**2 / 2"),
    formula("range of a throw", "v**2 * sin(2 * a) / g", a=(0.2, 1.3)),
    formula(
        "height on a slope of flight",
        "x * tan(a) - g * x**2 / (2 * v**2 * cos(a)**2)",
        a=(0.2, 1.2),
    ),
    formula("kinetic energy", "m * v**2 / 2"),
    formula("gravitation", "G * m * n / r**2"),
    formula("potential of two bodies", "-G * m / sqrt((x - a)**2 + (y - b)**2)", a=(3.0, 4.0)),
    formula("escape velocity", "sqrt(2 * G * m / r)"),
    formula("Kepler's third law", "2 * pi * sqrt(a**3 / (G * m))"),
    formula("vis-viva", "sqrt(G * m * (2 / r - 1 / a))", r=(0.5, 1.0), a=(1.0, 2.0)),
    formula("orbit", "a * (1 - e**2) / (1 + e * cos(t))", e=(0.1, 0.8), t=(-3.0, 3.0)),
    formula("Kepler's equation", "E - e * sin(E)", e=(0.1, 0.8), E=(-3.0, 3.0)),
    formula("pendulum, second order", "2 * pi * sqrt(l / g) * (1 + a**2 / 16 + 11 * a**4 / 3072)"),
    formula("damped oscillation", "A * exp(-d * t) * cos(w * t + p)"),
    formula("resonance", "F / sqrt((w**2 - v**2)**2 + (2 * d * v)**2)", w=(2.0, 3.0), v=(0.5, 1.5)),
    formula("rocket", "u * log(m / n) - g * t", m=(2.0, 3.0), n=(0.5, 1.5)),
    formula("terminal velocity", "sqrt(2 * m * g / (r * A * c))"),
    formula("fall with drag", "v * tanh(g * t / v)"),
    formula("catenary", "a * cosh(x / a)", x=(-2.0, 2.0)),
    formula("length of a catenary", "a * sinh(x / a)", x=(-2.0, 2.0)),
    formula("centre of mass", "(m * x + n * y + k * z) / (m + n + k)"),
    formula("elastic collision", "((m - n) * u + 2 * n * v) / (m + n)"),
    formula("spring in series", "1 / (1 / k + 1 / l)"),
    formula("torque", "r * F * sin(a)", a=(-3.0, 3.0)),
    formula("Bernoulli", "p + r * v**2 / 2 + r * g * h"),
    formula("Torricelli", "sqrt(2 * g * h)"),
    formula("Poiseuille", "pi * p * r**4 / (8 * u * l)"),
    formula("Stokes drag", "6 * pi * u * r * v"),
    formula("Reynolds number", "r * v * l / u"),
    formula("capillary rise", "2 * s * cos(a) / (r * g * h)", a=(-1.0, 1.0)),
    formula("belt friction", "T * exp(u * a)"),
]

WAVES_AND_FIELDS = [
    formula("Coulomb", "k * q * p / r**2"),
    formula("dipole", "q / sqrt(x**2 + (y - d)**2) - q / sqrt(x**2 + (y + d)**2)"),
    formula("capacitor", "U * (1 - exp(-t / (R * C)))"),
    formula("resonant circuit", "1 / (2 * pi * sqrt(L * C))"),
    formula("impedance", "sqrt(R**2 + (w * L - 1 / (w * C))**2)"),
    formula("phase", "atan2(w * L - 1 / (w * C), R)"),
    formula("field on the axis of a loop", "m * I * R**2 / (2 * (R**2 + z**2)**1.5)"),
    formula("diode", "I * (exp(U / (n * T)) - 1)"),
    formula("skin depth", "sqrt(2 / (w * m * s))"),
    formula("Snell", "asin(n * sin(a) / m)", n=(0.5, 0.9), m=(1.0, 2.0), a=(-1.0, 1.0)),
    formula("thin lens", "1 / (1 / f - 1 / g)", f=(0.5, 1.0), g=(1.5, 3.0)),
    formula("lens maker", "(n - 1) * (1 / r - 1 / s + (n - 1) * d / (n * r * s))"),
    formula(
        "Fresnel, perpendicular",
        "((n * cos(a) - m * cos(b)) / (n * cos(a) + m * cos(b)))**2",
        a=(0.1, 1.0),
        b=(0.1, 1.0),
    ),
    formula("grating", "(sin(N * d) / sin(d))**2", N=(2.0, 3.0), d=(0.2, 1.2)),
    formula("single slit", "(sin(b) / b)**2"),
    formula("standing wave", "2 * A * sin(k * x) * cos(w * t)"),
    formula("beats", "cos(w * t) + cos(v * t)"),
    formula("Doppler", "f * (c + v) / (c - u)", c=(3.0, 4.0), u=(0.5, 1.5)),
    formula("relativistic Doppler", "f * sqrt((1 - b) / (1 + b))", b=(-0.8, 0.8)),
    formula("Gaussian beam", "w * sqrt(1 + (z * l / (pi * w**2))**2)"),
    formula("dispersion of water waves", "sqrt((g * k + s * k**3 / r) * tanh(k * h))"),
    formula("decibels", "10 * log10(P / Q)"),
    formula("Cauchy's refractive index", "A + B / l**2 + C / l**4"),
    formula("Yukawa potential", "-g**2 * exp(-m * r) / r"),
    formula("Malus", "I * cos(a)**2", a=(-3.0, 3.0)),
]

MATTER = [
    formula("ideal gas", "n * R * T / V"),
    formula("van der Waals", "R * T / (V - b) - a / V**2", V=(2.0, 3.0), b=(0.1, 0.9)),
    formula("adiabat", "p * (V / W)**k"),
    formula("Carnot", "1 - T / S", T=(0.5, 1.0), S=(1.0, 2.0)),
    formula("entropy of mixing", "-R * (x * log(x) + (1 - x) * log(1 - x))", x=(0.05, 0.95)),
    formula(
        "Maxwell-Boltzmann", "4 * pi * (m / (2 * pi * T))**1.5 * v**2 * exp(-m * v**2 / (2 * T))"
    ),
    formula("barometric", "p * exp(-m * g * h / T)"),
    formula("Arrhenius", "A * exp(-E / (R * T))"),
    formula("Planck", "2 * h * f**3 / c**2 / expm1(h * f / T)"),
    formula("Wien", "f**3 * exp(-f / T)"),
    formula("Stefan-Boltzmann", "s * A * (T**4 - S**4)"),
    formula("Einstein's heat capacity", "3 * (t / T)**2 * exp(t / T) / expm1(t / T)**2"),
    formula("Bose-Einstein", "1 / expm1((e - m) / T)", e=(2.0, 3.0), m=(0.5, 1.5)),
    formula("Fermi-Dirac", "1 / (exp((e - m) / T) + 1)", e=(-2.0, 2.0)),
    formula("Langevin function", "1 / tanh(x) - 1 / x"),
    formula("Brillouin, spin one half", "tanh(m * B / T)"),
    formula("Lennard-Jones", "4 * e * ((s / r)**12 - (s / r)**6)"),
    formula("Morse", "D * (1 - exp(-a * (r - b)))**2"),
    formula("Clausius-Clapeyron", "p * exp(L / R * (1 / T - 1 / S))"),
    formula("Debye-Hueckel", "-A * z**2 * sqrt(I) / (1 + B * a * sqrt(I))"),
    formula("Nernst", "E - R * T / n * log(Q)"),
    formula("Henderson-Hasselbalch", "p + log10(a / b)"),
    formula("Michaelis-Menten", "V * S / (K + S)"),
    formula("Hill", "x**n / (K**n + x**n)"),
    formula("heat kernel", "exp(-x**2 / (4 * k * t)) / sqrt(4 * pi * k * t)", x=(-3.0, 3.0)),
    formula("cooling into a half space", "T * erf(x / (2 * sqrt(k * t)))"),
    formula("diffusion front", "C * erfc(x / (2 * sqrt(D * t)))"),
    formula("Breit-Wigner", "G / (2 * pi) / ((E - M)**2 + G**2 / 4)"),
    formula(
        "Bethe-Weizsaecker",
        "a * A - b * A**(2/3) - c * Z**2 / A**(1/3) - d * (A - 2 * Z)**2 / A",
        A=(20.0, 200.0),
        Z=(8.0, 80.0),
    ),
    formula(
        "radioactive chain",
        "N * k / (l - k) * (exp(-k * t) - exp(-l * t))",
        k=(0.2, 0.6),
        l=(1.0, 2.0),
    ),
]

RELATIVITY_AND_QUANTA = [
    formula("Lorentz factor", "1 / sqrt(1 - b**2)", b=(-0.9, 0.9)),
    formula("addition of velocities", "(u + v) / (1 + u * v)", u=(-0.9, 0.9), v=(-0.9, 0.9)),
    formula("rapidity", "atanh(b)", b=(-0.9, 0.9)),
    formula("energy and momentum", "sqrt(m**2 + p**2)"),
    formula("four-distance", "-(c * t)**2 + x**2 + y**2 + z**2"),
    formula("gravitational redshift", "1 / sqrt(1 - s / r)", s=(0.1, 0.4)),
    formula("Schwarzschild potential", "(1 - s / r) * (1 + l**2 / r**2)"),
    formula("Compton", "l + h / (m * c) * (1 - cos(a))", a=(-3.0, 3.0)),
    formula("Bohr levels", "-R * Z**2 / n**2"),
    formula("hydrogen, 1s", "exp(-r / a) / sqrt(pi * a**3)"),
    formula(
        "hydrogen, 2p",
        "r / a * exp(-r / (2 * a)) * cos(t) / (4 * sqrt(2 * pi * a**3))",
        t=(-3.0, 3.0),
    ),
    formula(
        "oscillator, first excited",
        "(m / pi)**0.25 * sqrt(2 * m) * x * exp(-m * x**2 / 2)",
        x=(-2.0, 2.0),
    ),
    formula(
        "tunnelling",
        "1 / (1 + V**2 * sinh(k * a)**2 / (4 * E * (V - E)))",
        V=(2.0, 3.0),
        E=(0.5, 1.5),
    ),
    formula("de Broglie", "h / sqrt(2 * m * E)"),
    formula("Rabi", "O**2 / (O**2 + D**2) * sin(sqrt(O**2 + D**2) * t / 2)**2"),
    formula("Friedmann", "H * sqrt(m * (1 + z)**3 + r * (1 + z)**4 + l)"),
]

STATISTICS = [
    formula("normal density", "exp(-((x - m) / s)**2 / 2) / (s * sqrt(2 * pi))", x=(-3.0, 3.0)),
    formula("normal log-likelihood", "-log(s) - ((x - m) / s)**2 / 2", x=(-3.0, 3.0)),
    formula(
        "normal distribution function", "(1 + erf((x - m) / (s * sqrt(2)))) / 2", x=(-3.0, 3.0)
    ),
    formula("probit likelihood", "log(erfc(-(a + b * x) / sqrt(2)) / 2)", x=(-2.0, 2.0)),
    formula("logistic regression", "-log(1 + exp(-y * (a + b * x)))", x=(-2.0, 2.0), y=(-1.0, 1.0)),
    formula("log-normal density", "exp(-(log(x) - m)**2 / (2 * s**2)) / (x * s * sqrt(2 * pi))"),
    formula("exponential log-likelihood", "log(l) - l * x"),
    formula("Weibull density", "k / l * (x / l)**(k - 1) * exp(-(x / l)**k)"),
    formula("Pareto density", "a * m**a / x**(a + 1)"),
    formula("Laplace density", "exp(-abs(x - m) / b) / (2 * b)", x=(2.5, 4.0)),
    formula("Cauchy density", "1 / (pi * g * (1 + ((x - m) / g)**2))", x=(-3.0, 3.0)),
    formula(
        "logistic density", "exp(-(x - m) / s) / (s * (1 + exp(-(x - m) / s))**2)", x=(-3.0, 3.0)
    ),
    formula("Gumbel density", "exp(-(x - m) / b - exp(-(x - m) / b)) / b", x=(-1.0, 3.0)),
    formula("Rayleigh density", "x / s**2 * exp(-x**2 / (2 * s**2))"),
    formula(
        "Student, three degrees",
        "2 / (pi * sqrt(3) * s * (1 + ((x - m) / s)**2 / 3)**2)",
        x=(-3.0, 3.0),
    ),
    formula("Poisson log-likelihood", "k * log(l) - l"),
    formula(
        "binomial log-likelihood", "k * log(p) + (n - k) * log(1 - p)", p=(0.05, 0.95), n=(3.0, 5.0)
    ),
    formula("beta log-density", "(a - 1) * log(x) + (b - 1) * log(1 - x)", x=(0.05, 0.95)),
    formula(
        "bivariate normal exponent",
        "-((x / s)**2 - 2 * r * x * y / (s * t) + (y / t)**2) / (2 * (1 - r**2))",
        r=(-0.8, 0.8),
    ),
    formula("entropy of a normal", "log(2 * pi * s**2) / 2 + 0.5"),
    formula("divergence of two normals", "log(t / s) + (s**2 + (m - n)**2) / (2 * t**2) - 0.5"),
    formula(
        "divergence of two coins",
        "p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))",
        p=(0.05, 0.95),
        q=(0.05, 0.95),
    ),
    formula("logit", "log(p / (1 - p))", p=(0.05, 0.95)),
    formula("Fisher's z", "atanh(r)", r=(-0.9, 0.9)),
    formula("Box-Cox", "(x**l - 1) / l"),
    formula("Hoeffding", "exp(-2 * n * t**2)"),
    formula("standard error of a proportion", "sqrt(p * (1 - p) / n)", p=(0.05, 0.95)),
    formula("Welch", "(m - n) / sqrt(s**2 / a + t**2 / b)"),
    formula(
        "mixture of two normals",
        "log(p * exp(-(x - m)**2 / 2) + (1 - p) * exp(-(x - n)**2 / 2))",
        x=(-2.0, 2.0),
        p=(0.05, 0.95),
    ),
    formula("softmax of three", "exp(a) / (exp(a) + exp(b) + exp(c))"),
    formula(
        "Black-Scholes",
        "S * (1 + erf(d / sqrt(2))) / 2"
        " - K * exp(-r * t) * (1 + erf((d - s * sqrt(t)) / sqrt(2))) / 2",
    ),
    formula("squared exponential kernel", "s**2 * exp(-(x - y)**2 / (2 * l**2))"),
]

FORMULAS = [*MECHANICS, *WAVES_AND_FIELDS, *MATTER, *RELATIVITY_AND_QUANTA, *STATISTICS]
