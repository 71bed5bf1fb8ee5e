"""Which sessions run on this machine."""

import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import BadInput
from pipeline.session.holding import held
from pipeline.session.runtime import Run, announce, open_runtime, running, runtime_root


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A folder for running sessions of the test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "helo"


def test_a_session_is_found_from_its_opening_to_its_end(root):
    with open_runtime("one") as folder:
        assert folder == root / "one"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert [(run.session, run.pid, run.store) for run in running()] == [("one", os.getpid(), "")]
        announce(folder, Run("one", "unix:///s", "/rec/one", 8501))
        assert [(run.store, run.session_dir, run.port) for run in running()] == [("unix:///s", "/rec/one", 8501)]
    assert running() == []
    assert not folder.exists()


def test_the_folder_goes_even_if_the_run_fails(root):
    with pytest.raises(RuntimeError), open_runtime("one"):
        raise RuntimeError
    assert list(root.iterdir()) == []


def test_two_sessions_run_beside_each_other():
    with open_runtime("one"), open_runtime("two"):
        assert {run.session for run in running()} == {"one", "two"}


def test_a_session_runs_only_once():
    with open_runtime("one") as folder:
        with pytest.raises(BadInput, match="'one' is running already"), open_runtime("one"):
            pass
        assert (folder / "run.json").exists()


def test_the_folder_of_a_run_that_was_killed_is_taken_over(root):
    """Another process may have its number by now: it is not by this that a run is known to live."""
    left = root / "one"
    left.mkdir(parents=True)
    root.chmod(0o700)
    (left / "store.sock").touch()
    announce(left, Run("one", pid=os.getpid()))
    assert running() == []
    with open_runtime("one") as folder:
        assert [file.name for file in folder.iterdir()] == ["run.json"]


def test_it_begins_however_often_somebody_looks(root):
    """A look holds what it looks at for a moment."""
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            held(root / "one")

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            for _ in range(1000):
                with open_runtime("one"):
                    pass
        finally:
            ended.set()
        looking.result()


@pytest.mark.parametrize("content", ["", "{}", json.dumps({"session": "one", "colour": "red"})])
def test_what_another_version_left_is_not_a_running_session(content):
    folder = runtime_root() / "one"
    folder.mkdir()
    (folder / "run.json").write_text(content)
    assert running() == []


def test_a_folder_that_is_open_to_others_is_refused(root):
    root.mkdir(mode=0o755)
    root.chmod(0o755)
    with pytest.raises(BadInput, match="mode 0700"):
        runtime_root()


def test_without_a_runtime_folder_of_the_system_it_lies_with_the_temporary_files(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert runtime_root() == tmp_path / f"helo-{os.getuid()}"
