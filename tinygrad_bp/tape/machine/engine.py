"""LLVM at work: from program text to functions that can be called."""

from __future__ import annotations

import functools
import hashlib
import os
from contextlib import nullcontext
from typing import Any

from tinygrad_bp.basics.locks import at_fork
from tinygrad_bp.tape.library import place_of, symbols_in
from tinygrad_bp.tape.machine.recent import Recent
from tinygrad_bp.tape.machine.store import Store, opened


@functools.cache
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
    # No child is forked in the middle of LLVM's work, which it could not go on with.
    lock = getattr(llvm.ffi.lib, "_lock", nullcontext())
    leave = functools.partial(lock.__exit__, None, None, None)
    at_fork(before=lock.__enter__, after_in_parent=leave, after_in_child=leave)
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

    def __init__(self, text: str, *, level: int = 2, store: Store | None = None) -> None:
        llvm = backend()
        for symbol in symbols_in(text):
            llvm.add_symbol(symbol, place_of(symbol))
        name = fingerprint(text, level)
        data = store.load(name) if store else None
        if data is None:
            data = object_code(text, level)
            if store:
                store.save(name, data)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine(1))
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function stands in memory."""
        return int(self._engine.get_function_address(name))


def object_code(text: str, level: int) -> bytes:
    """What LLVM makes of a program text."""
    llvm = backend()
    module = llvm.parse_assembly(text)
    module.verify()
    machine = target_machine(max(level, 1))
    if level:
        _optimise(module, machine, level)
    return bytes(machine.emit_object(module))


def _optimise(module: Any, machine: Any, level: int) -> None:
    llvm = backend()
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = False
    options.slp_vectorization = level > 1
    builder = llvm.create_pass_builder(machine, options)
    passes = builder.getModulePassManager()
    passes.run(module, builder)
    # llvmlite inherits the empty `_dispose` before the real one, and loses 54 kB with each.
    is_lost = type(passes)._dispose is llvm.ffi.ObjectRef._dispose
    _ = llvm.newpassmanagers.NewPassManager._dispose(passes) if is_lost else None


def fingerprint(text: str, level: int) -> str:
    """A name for the machine code of a text: another for another LLVM, or another processor."""
    llvm = backend()
    facts = [
        *map(str, llvm.llvm_version_info),
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        str(level),
        text,
    ]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def machine(text: str, *, level: int, folder: str | os.PathLike[str] | None = None) -> Machine:
    """The compiled program: the one of before, one kept in a folder, or a new one.

    Where no folder is named it is that of the variable TINYGRAD_BP_CACHE, if there is one.
    """
    backend()  # to say first of all that it is not installed
    wanted = os.fspath(folder or os.environ.get(FOLDER, ""))
    store = stores.get(wanted, lambda: opened(wanted)) if wanted else None
    key = hashlib.sha256(text.encode()).digest(), level
    return machines.get(key, lambda: Machine(text, level=level, store=store))


FOLDER = "TINYGRAD_BP_CACHE"
machines: Recent[Machine] = Recent(64)
"""The compiled programs of this process, by text."""
stores: Recent[Store | None] = Recent(8)
"""Those in use, by folder; `None` for one that cannot be used, of which has been warned."""
