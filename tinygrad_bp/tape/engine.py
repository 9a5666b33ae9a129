"""LLVM at work: from program text to functions that can be called."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def backend() -> Any:
    """The binding of llvmlite, set up for this processor.

    Raises `ModuleNotFoundError` with the way out where llvmlite is not installed.
    """
    try:
        import llvmlite.binding as llvm  # type: ignore[import-untyped]  # ships no annotations
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "machine code needs llvmlite: pip install 'tinygrad_bp[jit]'"
        ) from None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def target_machine(level: int) -> Any:
    """The processor that this runs on, with all its instructions."""
    llvm = backend()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=level,
        jit=True,
    )


class Machine:
    """Compiled program text; its functions live as long as this does."""

    def __init__(self, text: str, *, level: int = 2) -> None:
        llvm = backend()
        module = llvm.parse_assembly(text)
        module.verify()
        machine = target_machine(max(level, 1))
        if level:
            self._optimise(module, machine, level)
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()

    @staticmethod
    def _optimise(module: Any, machine: Any, level: int) -> None:
        llvm = backend()
        options = llvm.create_pipeline_tuning_options(speed_level=level)
        options.loop_vectorization = False
        options.slp_vectorization = level > 1
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)

    def address(self, name: str) -> int:
        """Where a function stands in memory."""
        return int(self._engine.get_function_address(name))
