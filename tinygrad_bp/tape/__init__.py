"""Programs recorded from graphs, and the symbols that write them out."""

from tinygrad_bp.tape.record import record
from tinygrad_bp.tape.tape import BranchError, Guard, Instruction, Tape

__all__ = ["BranchError", "Guard", "Instruction", "Tape", "record"]
