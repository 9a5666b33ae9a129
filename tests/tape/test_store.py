"""Compiled code in a folder: found again by its user, and nobody else's ever run."""

import errno
import os
import stat
import subprocess
import sys
import textwrap
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import tinygrad_bp as tg
from tests.house.sources import ROOT
from tinygrad_bp import nn
from tinygrad_bp.nn.fit import machine_training
from tinygrad_bp.nn.fit.machine_training import forget
from tinygrad_bp.tape.machine import engine, store
from tinygrad_bp.tape.machine.recent import Recent
from tinygrad_bp.tape.machine.store import FORMAT, Store, secret_path, users_secret

on_posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such modes")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of this test's own, and nothing compiled before."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(engine.FOLDER, raising=False)
    forget()
    engine.stores.clear()
    yield tmp_path
    forget()
    engine.stores.clear()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "new" / "cache"


def only_file(folder):
    [path] = folder.iterdir()
    return path


# A folder ---------------------------------------------------------------------------------


def test_what_is_kept_is_found(folder):
    Store(folder).save("a", b"code")

    assert Store(folder).load("a") == b"code"
    assert Store(folder).load("b") is None
    assert [path.name for path in folder.iterdir()] == ["a.tinygrad_bp"]


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_file_with_a_changed_byte_is_not_believed(tmp_path_factory, place, change):
    folder = tmp_path_factory.getbasetemp() / "changed"
    here = Store(folder, secret=b"s")
    here.save("a", b"some machine code")
    path = only_file(folder)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    path.write_bytes(content)

    assert here.load("a") is None


def test_a_file_that_was_cut_or_grew_is_not_believed(folder):
    here = Store(folder)
    here.save("a", b"code")
    path = only_file(folder)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert here.load("a") is None
    path.write_bytes(content + b"\0")

    assert here.load("a") is None
    path.write_bytes(content)
    assert here.load("a") == b"code"


def test_a_file_under_another_name_is_not_believed(folder):
    here = Store(folder)
    here.save("a", b"code of a")
    here._path("a").rename(here._path("b"))

    assert here.load("b") is None


def test_a_file_of_somebody_who_does_not_know_the_secret_is_not_believed(folder):
    Store(folder, secret=b"of another").save("a", b"code")

    assert Store(folder, secret=b"of another").load("a") == b"code"
    assert Store(folder).load("a") is None


def test_what_is_no_file_is_as_if_it_were_not_there(folder, monkeypatch):
    here = Store(folder)
    here._path("directory").mkdir()
    here._path("nowhere").symlink_to(folder / "none")
    here.save("large", b"0123456789")
    monkeypatch.setattr(store, "LIMIT", 5)

    assert here.load("directory") is None
    assert here.load("nowhere") is None
    assert here.load("large") is None


@on_posix
def test_a_pipe_does_not_keep_us_waiting(folder):
    here = Store(folder)
    os.mkfifo(here._path("pipe"))

    assert here.load("pipe") is None


def test_what_cannot_be_kept_is_said_once_and_what_is_there_is_still_found(folder, monkeypatch):
    here = Store(folder)
    here.save("a", b"code")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.warns(RuntimeWarning, match="not kept in '.*cache': .*No space left") as said:
            here.save("b", b"code")
        here.save("c", b"code")

    assert len(said) == 1
    assert [path.name for path in folder.iterdir()] == ["a.tinygrad_bp"]
    assert here.load("a") == b"code"


def test_what_was_used_longest_ago_makes_room(folder, monkeypatch):
    here = Store(folder)
    others = folder / "notes.txt"
    others.write_text("of somebody else" * 1000)
    for age, name in enumerate("abc"):
        here.save(name, bytes(1000))
        os.utime(here._path(name), (1000 + age, 1000 + age))
    here.load("a")
    (folder / f".killed{store.SUFFIX}").write_bytes(bytes(1000))  # a draft that was never renamed
    os.utime(folder / f".killed{store.SUFFIX}", (1, 1))
    monkeypatch.setattr(store, "LIMIT", 3500)
    here.save("d", bytes(1000))

    assert {name for name in "abcd" if here.load(name)} == {"a", "c", "d"}
    assert others.exists()
    assert len(list(folder.iterdir())) == 4


def test_two_processes_may_make_room_at_once(folder, monkeypatch):
    here = Store(folder)
    here._path("gone").symlink_to(folder / "none")  # as it looks to one who comes too late
    here.save("a", b"code")

    assert here.load("a") == b"code"


def test_a_folder_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"):
        Store(tmp_path / "file")


def test_many_threads_may_write_and_read(folder):
    found = []

    def work(number):
        here = Store(folder)
        for k in range(20):
            here.save(str(k % 3), b"code" * 1000)
            found.append(here.load(str((k + number) % 3)) in (None, b"code" * 1000))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 80
    assert len(list(folder.iterdir())) == 3


# The secret -------------------------------------------------------------------------------


def test_the_secret_is_made_once_and_for_this_user_only():
    first = users_secret()

    assert len(first) == 32
    assert users_secret() == first
    assert [path.name for path in secret_path().parent.iterdir()] == ["secret"]
    if hasattr(os, "getuid"):
        assert stat.S_IMODE(secret_path().stat().st_mode) == 0o600


def test_many_who_make_the_secret_at_once_have_one_in_the_end():
    with ThreadPoolExecutor(8) as threads:
        found = {future.result() for future in [threads.submit(users_secret) for _ in range(8)]}

    assert users_secret() in found
    assert [path.name for path in secret_path().parent.iterdir()] == ["secret"]


@on_posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_secret_that_others_know_is_none(mode):
    users_secret()
    secret_path().chmod(mode)

    with pytest.raises(PermissionError, match="only you can read"):
        users_secret()


@on_posix
def test_a_secret_of_somebody_else_is_none(monkeypatch):
    users_secret()
    monkeypatch.setattr(os, "getuid", lambda: 12345)

    with pytest.raises(PermissionError, match="only you can read"):
        users_secret()


@on_posix
def test_a_secret_that_stands_elsewhere_is_none(home):
    users_secret()
    secret_path().rename(home / "elsewhere")
    secret_path().symlink_to(home / "elsewhere")

    with pytest.raises(PermissionError, match="only you can read"):
        users_secret()


def test_where_modes_mean_nothing_they_are_not_asked(monkeypatch):
    users_secret()
    monkeypatch.delattr(os, "getuid", raising=False)
    secret_path().chmod(0o644)

    assert len(users_secret()) == 32


def test_a_secret_of_another_length_is_none():
    users_secret()
    secret_path().write_bytes(b"short")

    with pytest.raises(PermissionError, match="is not what was written there"):
        users_secret()


@pytest.mark.parametrize(
    ("variable", "value", "start"),
    [
        ("XDG_DATA_HOME", "/data", "/data"),
        ("LOCALAPPDATA", "/local", "/local"),
        ("HOME", "/me", "/me"),
    ],
)
def test_where_the_secret_stands(monkeypatch, variable, value, start):
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    if variable == "HOME":
        monkeypatch.setattr(Path, "home", lambda: Path(value))

    assert secret_path().is_relative_to(start)
    assert secret_path().parts[-2:] == ("tinygrad_bp", "secret")


# A cache that cannot be used --------------------------------------------------------------


def computed(folder):
    """What some computations come to, and the warnings that they give."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        first, second = (tg.compile(f, cache=folder) for f in (lambda x: x * x, lambda x: x + 2.0))
        os.environ[engine.FOLDER] = str(folder)  # the fixture removes it
        fitted = nn.fit(
            nn.MLP(1, [2, 1], seed=0),
            [[0.0], [1.0]],
            [0.0, 1.0],
            loss="mse",
            optimizer=nn.SGD(0.1),
            epochs=5,
            compiled=True,
        )
        result = first(3.0), second(3.0), fitted.stopped
    return result, [str(warning.message) for warning in said]


RESULT = (9.0, 5.0, "finished")


def test_a_cache_that_can_be_used_needs_no_warning(folder, monkeypatch):
    monkeypatch.delattr(os, "link")  # as many file systems have none

    assert computed(folder) == (RESULT, [])
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("what", ["folder", "home"])
def test_without_a_folder_or_a_home_there_is_one_warning_and_no_cache(
    folder, home, monkeypatch, what
):
    (home / "file").touch()  # there nobody can make a folder, not even the superuser
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ("file" if what == "home" else "home")))
    result, warned = computed(home / "file" / "cache" if what == "folder" else folder)

    assert result == RESULT
    assert len(warned) == 1
    assert str(home / "file") in warned[0]


def test_a_user_without_a_home_at_all(folder, monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)

    assert computed(folder) == (
        RESULT,
        [f"compiled code is not kept in {str(folder)!r}: Could not determine home directory."],
    )


@pytest.mark.parametrize(
    ("secret", "mode", "why"),
    [
        pytest.param(b"", 0o600, "is not what was written there: remove it", id="empty"),
        pytest.param(b"short", 0o600, "is not what was written there: remove it", id="short"),
        pytest.param(bytes(32), 0o644, "only you can read", marks=on_posix, id="shared"),
    ],
)
def test_a_secret_that_is_none(folder, secret, mode, why):
    users_secret()
    secret_path().write_bytes(secret)
    secret_path().chmod(mode)
    result, warned = computed(folder)

    assert result == RESULT
    assert len(warned) == 1
    assert why in warned[0]


@on_posix
def test_a_disk_that_takes_nothing_more(folder):
    # As on a full disk the file is made, and writing into it fails.
    import resource

    users_secret()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        result, warned = computed(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert result == RESULT
    assert len(warned) == 1
    assert "File too large" in warned[0]
    assert list(folder.iterdir()) == []


# Compiled functions -----------------------------------------------------------------------


def function(x, y):
    return tg.exp(x) * tg.hypot(x, y) + tg.sum([x, y, 2.0])


def never(*_, **__):
    raise AssertionError("this should have been found")


def test_compiled_code_is_found_in_the_folder(folder, monkeypatch):
    batch = np.linspace(0.0, 1.0, 20)
    expected = tg.compile(function)(0.3, 0.7), tg.compile(function).map(batch, 2.0).tolist()
    forget()
    first = tg.compile(function, cache=folder)

    assert (first(0.3, 0.7), first.map(batch, 2.0).tolist()) == expected
    assert len(list(folder.iterdir())) == 2
    forget()
    monkeypatch.setattr(engine, "object_code", never)
    again = tg.compile(function, cache=str(folder))
    assert (again(0.3, 0.7), again.map(batch, 2.0).tolist()) == expected


def test_damaged_code_is_made_anew(folder):
    first = tg.compile(function, cache=folder)(0.3, 0.7)
    path = only_file(folder)
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"\x90")
    forget()

    assert tg.compile(function, cache=folder)(0.3, 0.7) == first
    assert path.read_bytes() == good


def test_code_of_an_attacker_is_not_run(folder):
    # They can write into the folder and know all names, but not the secret.
    exact = tg.compile(function, cache=folder)(0.3, 0.7)
    forget()
    name = only_file(folder).stem
    evil = engine.object_code(
        "define i64 @map(ptr %a, ptr %b, ptr %c, ptr %out, i64 %d, i64 %e, i64 %f) {\n"
        "  store double 666.0, ptr %out\n  ret i64 -1\n}",
        1,
    )
    Store(folder, secret=b"a guess").save(name, evil)

    assert only_file(folder).read_bytes().startswith(FORMAT)
    assert tg.compile(function, cache=folder)(0.3, 0.7) == exact
    forget()
    Store(folder).save(name, evil)  # with the secret it would be run: the test can fail
    assert tg.compile(function, cache=folder)(0.3, 0.7) == 666.0


def test_another_processor_has_other_code(monkeypatch):
    here = engine.fingerprint("text", 2)

    assert engine.fingerprint("text", 1) != here
    assert engine.fingerprint("other", 2) != here
    monkeypatch.setattr(engine.backend(), "get_host_cpu_name", lambda: "another")
    assert engine.fingerprint("text", 2) != here


def test_the_folder_may_be_named_by_a_variable(folder, monkeypatch):
    monkeypatch.setenv(engine.FOLDER, str(folder))

    def run():
        forget()
        model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
        nn.fit(
            model,
            [[0, 1], [1, 0]],
            [0, 1],
            loss="mse",
            optimizer=nn.SGD(0.1),
            epochs=5,
            compiled=True,
        )
        return model.state_dict()

    first = run()
    only_file(folder)
    monkeypatch.setattr(engine, "object_code", never)
    assert run() == first


PROGRAM = """
import sys, tinygrad_bp as tg
from tinygrad_bp.tape.machine import engine
own = tg.register("store_own", "store_own({})", lambda x: 3.0 * x, lambda z, x: (3.0,))
f = tg.compile(lambda x, y: own(tg.sin(x)) + tg.hypot(x, y) * tg.pow(x, y), cache=sys.argv[1])
if sys.argv[2] == "again":
    def object_code(*_): raise AssertionError("this should have been found")
    engine.object_code = object_code
print(f(0.3, 0.7).hex())
"""


def test_other_processes_find_it(folder):
    # There the library and the row of one's own stand elsewhere in memory.
    def run(which):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder), which],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.stderr == ""
        return done.stdout

    assert run("first") == run("again") == run("again") != ""


# Within a process -------------------------------------------------------------------------


def test_the_same_program_is_compiled_once(monkeypatch):
    assert tg.compile(lambda x: x * 2.0 + 1.0)(3.0) == 7.0
    monkeypatch.setattr(engine, "object_code", never)

    assert tg.compile(lambda y: y * 2.0 + 1.0)(4.0) == 9.0
    with pytest.raises(AssertionError, match="should have been found"):
        tg.compile(lambda y: y * 2.0 + 1.5)(4.0)


def test_the_same_training_run_is_written_out_once(monkeypatch):
    def run(rate=0.1, **settings):
        model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
        settings = {"loss": "mse", "optimizer": nn.SGD(rate), "epochs": 5, **settings}
        nn.fit(model, [[0, 1], [1, 0]], [0, 1], compiled=True, **settings)
        return model.state_dict()

    first = run()
    monkeypatch.setattr(machine_training, "training_text", never)

    assert run() == first
    assert run(rate=0.2) != first
    for other in ({"loss": "huber"}, {"batch_size": 1}, {"reduction": "sum"}, {"fast": True}):
        with pytest.raises(AssertionError, match="should have been found"):
            run(**other)


def test_the_oldest_is_forgotten():
    made = []
    recent = Recent(most=2)
    for key in "abacb":
        recent.get(key, lambda key=key: made.append(key))

    assert made == ["a", "b", "c", "b"]
    assert len(recent) == 2
    recent.clear()
    assert len(recent) == 0
