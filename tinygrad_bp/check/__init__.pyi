"""What is public; see `__init__.py`."""

from tinygrad_bp.check.checker import (
    assert_gradients_agree as assert_gradients_agree,
    check_gradient as check_gradient,
)
from tinygrad_bp.check.culprit import (
    Culprit as Culprit,
)
from tinygrad_bp.check.engine.machine import (
    engine_machine as engine_machine,
)
from tinygrad_bp.check.examination import (
    Examination as Examination,
)
from tinygrad_bp.check.operation import (
    check_operation as check_operation,
)
from tinygrad_bp.check.programs import (
    strategies as strategies,
)
from tinygrad_bp.check.programs.expression import (
    Expression as Expression,
)
from tinygrad_bp.check.programs.learning import (
    TrainingRun as TrainingRun,
)
from tinygrad_bp.check.truth.truths import (
    define as define,
)
from tinygrad_bp.check.verdict import (
    Report as Report,
    Verdict as Verdict,
)
