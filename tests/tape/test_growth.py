"""What a process keeps of programs that it compiled and dropped."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from tinygrad_bp.tape.machine import engine

STATUS = Path("/proc/self/status")

FUNCTION = """define double @f(double %x) {{
  %y = fmul double %x, {factor!r}
  ret double %y
}}
"""


def resident() -> int:
    """The kilobytes that this process has in memory."""
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1])


def compiled_and_dropped(count: int, first: float) -> None:
    for number in range(count):
        assert engine.Machine(FUNCTION.format(factor=first + number)).address("f")
    gc.collect()


@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc to see what the process holds")
def test_a_dropped_program_leaves_little_behind() -> None:
    pytest.importorskip("llvmlite", reason="compiles machine code")
    compiled_and_dropped(100, 0.5)  # what is made once, and the pools of the allocator
    before = resident()
    compiled_and_dropped(300, 1000.5)

    # 54 kB each, 16 MB in all, as long as llvmlite's pass managers were never disposed of.
    assert resident() - before < 300 * 15
