"""Programs recorded from graphs, written out as Python or machine code, and run."""

from tinygrad_bp.tape.compiled import Compiled, compile  # noqa: A004  # the usual name
from tinygrad_bp.tape.guard import BranchError, Guard
from tinygrad_bp.tape.record import record
from tinygrad_bp.tape.saved import load, save
from tinygrad_bp.tape.strayed import Strayed
from tinygrad_bp.tape.tape import Instruction, Tape

__all__ = [
    "BranchError",
    "Compiled",
    "Guard",
    "Instruction",
    "Strayed",
    "Tape",
    "compile",
    "load",
    "record",
    "save",
]
