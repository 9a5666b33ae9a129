"""What is public; see `__init__.py`."""

from tinygrad_bp.graph.guard import (
    BranchError as BranchError,
    Guard as Guard,
)
from tinygrad_bp.tape.record import (
    record as record,
)
from tinygrad_bp.tape.routes.compiled import (
    Compiled as Compiled,
    compile as compile,
)
from tinygrad_bp.tape.routes.strayed import (
    Strayed as Strayed,
)
from tinygrad_bp.tape.saved import (
    load as load,
    save as save,
)
from tinygrad_bp.tape.tape import (
    Instruction as Instruction,
    Tape as Tape,
)
