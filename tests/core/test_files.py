"""Files are there whole or not at all."""

import os
import re
import stat
import threading
from pathlib import Path

import pytest

import tinygrad_bp as tg
from tests.house.sources import module_files
from tinygrad_bp import tape
from tinygrad_bp.basics import files
from tinygrad_bp.basics.files import write

on_posix = pytest.mark.skipif(os.name != "posix", reason="modes and pipes are those of POSIX")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_there_to_the_byte(tmp_path):
    assert write(tmp_path / "new" / "a.txt", "größe\r\n") == tmp_path / "new" / "a.txt"
    assert write(tmp_path / "new" / "b", b"\0\r\n") == tmp_path / "new" / "b"

    assert (tmp_path / "new" / "a.txt").read_bytes() == "größe\r\n".encode()
    assert (tmp_path / "new" / "b").read_bytes() == b"\0\r\n"
    assert names(tmp_path / "new") == ["a.txt", "b"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["chmod", "replace"])
def test_whatever_stops_it_leaves_what_was_there(tmp_path, monkeypatch, step, error):
    write(tmp_path / "a.txt", "before")

    def stop(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, stop)
        with pytest.raises(type(error)) as caught:
            write(tmp_path / "a.txt", "after")

    assert (tmp_path / "a.txt").read_text() == "before"
    assert names(tmp_path) == ["a.txt"]
    if isinstance(error, OSError):
        assert caught.value.filename == str(tmp_path / "a.txt")  # and not the draft's


def test_who_reads_meanwhile_reads_all_of_it(tmp_path):
    path, texts = tmp_path / "a.txt", ["a" * 100_000, "b" * 100_000]
    write(path, texts[0])
    found, done = set(), threading.Event()

    def read():
        while not done.is_set():
            found.add(path.read_text())

    thread = threading.Thread(target=read)
    thread.start()
    for k in range(200):
        write(path, texts[k % 2])
    done.set()
    thread.join()

    assert found <= set(texts)


@on_posix
def test_a_new_file_has_the_mode_of_any_and_an_old_one_its_own(tmp_path):
    (tmp_path / "plain").touch()
    for name in ("new", "old", "script"):
        write(tmp_path / name, "before")
    (tmp_path / "old").chmod(0o640)
    (tmp_path / "script").chmod(0o755)
    write(tmp_path / "old", "after")
    write(tmp_path / "script", "after")
    write(tmp_path / "secret", "mine", mode=0o600)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names(tmp_path)}

    assert modes["new"] == modes["plain"]
    assert (modes["old"], modes["script"], modes["secret"]) == (0o640, 0o755, 0o600)


def test_a_file_that_may_not_be_written_stays(tmp_path, monkeypatch):
    write(tmp_path / "a.txt", "before")

    def refuse(path, mode):  # as to all but the superuser, for whom tests may run
        assert (path.name, mode) == ("a.txt", "r+b")
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(PermissionError, match=r"a\.txt"):
            write(tmp_path / "a.txt", "after")

    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "before"


def test_through_a_link_the_file_at_its_end_is_written(tmp_path):
    write(tmp_path / "elsewhere" / "a.txt", "before")
    (tmp_path / "link").symlink_to(Path("elsewhere", "a.txt"))
    (tmp_path / "dangling").symlink_to(Path("elsewhere", "b.txt"))
    write(tmp_path / "link", "after")
    write(tmp_path / "dangling", "new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "a.txt").read_text() == "after"
    assert (tmp_path / "elsewhere" / "b.txt").read_text() == "new"


@on_posix
def test_a_pipe_is_written_to_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    found = []
    thread = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_text()))
    thread.start()
    write(tmp_path / "pipe", "a line\n")
    thread.join()

    assert found == ["a line\n"]
    assert (tmp_path / "pipe").is_fifo()


def test_a_folder_is_an_error_that_names_it(tmp_path):
    with pytest.raises(OSError, match=re.escape(tmp_path.name)) as caught:
        write(tmp_path, "text")

    assert caught.value.filename == str(tmp_path)


SAVING = {
    "tape": lambda path: tape.save(tg.record(lambda x: x * x, 3.0), path),
    "picture": lambda path: tg.draw(tg.Value(3.0) * 2.0).save_svg(path),
    "page": lambda path: tg.play(tg.Value(3.0) * 2.0).save(path),
}


@pytest.mark.parametrize("save", SAVING.values(), ids=SAVING)
def test_all_that_is_saved_goes_this_way(tmp_path, monkeypatch, save):
    path = tmp_path / "new" / "file"
    save(path)
    first = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.Path, "replace", full)
    with pytest.raises(OSError, match=r"No space left on device.*new.*file"):
        save(path)

    assert path.read_bytes() == first
    assert names(path.parent) == ["file"]


WRITES = re.compile(r"""\b(write_text|write_bytes|savefig|fdopen|open\([^)]*["'][wxa]b?["'])""")


def test_no_other_file_of_the_package_writes():
    texts = {module: path.read_text(encoding="utf-8") for module, path in module_files().items()}

    assert {module for module, text in texts.items() if WRITES.search(text)} == {
        "tinygrad_bp.basics.files",
        "tinygrad_bp.look.plots.plots",  # which only says how to save one
        "tinygrad_bp.tape.machine.store",  # which reads, from a descriptor
    }
    assert WRITES.search("with path.open('w') as file:")
    assert not WRITES.search("with path.open('rb') as file:")
