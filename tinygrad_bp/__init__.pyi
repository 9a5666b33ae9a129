"""What is public; see `__init__.py`."""

from tinygrad_bp import (
    check as check,
    look as look,
    nn as nn,
)
from tinygrad_bp.arrays.array import (
    Array as Array,
)
from tinygrad_bp.arrays.reductions import (
    dot as dot,
    logsumexp as logsumexp,
    norm as norm,
    polygamma as polygamma,
    prod as prod,
    softmax as softmax,
    sum as sum,
)
from tinygrad_bp.basics.lines import (
    SourceLine as SourceLine,
)
from tinygrad_bp.check.checker import (
    assert_gradients_agree as assert_gradients_agree,
    check_gradient as check_gradient,
)
from tinygrad_bp.core.functional import (
    grad as grad,
    gradient as gradient,
    hessian as hessian,
    hvp as hvp,
    jacobian as jacobian,
    jvp as jvp,
    value_and_grad as value_and_grad,
    vjp as vjp,
)
from tinygrad_bp.core.registry import (
    register as register,
)
from tinygrad_bp.core.value import (
    Value as Value,
    array as array,
    constant as constant,
    values as values,
)
from tinygrad_bp.graph.graph import (
    leaves as leaves,
    topological_order as topological_order,
)
from tinygrad_bp.graph.modes import (
    NonFiniteError as NonFiniteError,
    RecordingError as RecordingError,
    no_grad as no_grad,
    source_line as source_line,
    source_lines as source_lines,
    strict as strict,
)
from tinygrad_bp.graph.sweep import (
    local_partials as local_partials,
)
from tinygrad_bp.look.diagnosis.autopsy import (
    autopsy as autopsy,
)
from tinygrad_bp.look.diagnosis.lint import (
    lint as lint,
)
from tinygrad_bp.look.explain.explain import (
    explain as explain,
)
from tinygrad_bp.look.graphs.draw import (
    draw as draw,
)
from tinygrad_bp.look.player.play import (
    play as play,
)
from tinygrad_bp.look.tree import (
    tree as tree,
)
from tinygrad_bp.look.walk.provenance import (
    provenance as provenance,
)
from tinygrad_bp.look.walk.stepper import (
    step as step,
)
from tinygrad_bp.look.what_if.what_if import (
    what_if as what_if,
)
from tinygrad_bp.rows.primitive import (
    Primitive as Primitive,
)
from tinygrad_bp.rows.primitives import (
    abs_,
    acos as acos,
    acosh as acosh,
    add as add,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    cbrt as cbrt,
    ceil as ceil,
    clip as clip,
    copysign as copysign,
    cos as cos,
    cosh as cosh,
    digamma as digamma,
    divide as divide,
    elu as elu,
    entr as entr,
    equal as equal,
    erf as erf,
    erfc as erfc,
    erfinv as erfinv,
    exp as exp,
    exp2 as exp2,
    expm1 as expm1,
    floor as floor,
    floor_divide as floor_divide,
    fmod as fmod,
    gap as gap,
    gaussian as gaussian,
    gelu as gelu,
    heaviside as heaviside,
    hypot as hypot,
    leaky_relu as leaky_relu,
    lgamma as lgamma,
    log as log,
    log1p as log1p,
    log2 as log2,
    log10 as log10,
    log_sigmoid as log_sigmoid,
    logaddexp as logaddexp,
    logit as logit,
    maximum as maximum,
    minimum as minimum,
    multiply as multiply,
    negative as negative,
    normal_cdf as normal_cdf,
    positive as positive,
    pow_,
    relu as relu,
    remainder as remainder,
    round_,
    sigmoid as sigmoid,
    sign as sign,
    silu as silu,
    sin as sin,
    sinc as sinc,
    sinh as sinh,
    softplus as softplus,
    sqrt as sqrt,
    straight as straight,
    subtract as subtract,
    tan as tan,
    tanh as tanh,
    trunc as trunc,
    where as where,
    xlogy as xlogy,
)
from tinygrad_bp.tape import (
    BranchError as BranchError,
    Tape as Tape,
    compile as compile,
    record as record,
)

abs = abs_
pow = pow_
round = round_

__version__: str
