"""Another model while a session is set up: tried first, then in the run's settings, then in new processes."""

import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from model.header import model_hash, model_path
from pipeline.commands import Command
from pipeline.errors import BadInput
from pipeline.records import Event
from pipeline.session.models import offered
from pipeline.session.settings_file import dump_session, load_session_file
from pipeline.states import Chosen, ModelInfo
from pipeline.store import ids, keys
from pipeline.store.board import Board
from pipeline.store.ring import BlockingReader
from pipeline.workers.child import ProcessSpec
from pipeline.workers.choosing import Choosing
from pipeline.workers.control import Control
from pipeline.workers.supervisor import Supervisor
from tests.checkpoints import owned_by, rewrite
from tests.command import wait_for
from tests.workers import session_of

#: Stands in the place of a worker: reads the settings once, as all do, says which model it found, and waits.
WORKER = """
import signal, sys, yaml
print("MODEL", yaml.safe_load(open(sys.argv[1]))["model"], flush=True)
signal.pause()
"""
STREAMS = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}}


class InSetUp:
    """A session in set-up with one process, and its models."""

    def __init__(self, board: Board, session: str, folder: Path) -> None:
        self.board, self.folder = board, folder
        self.file = folder / "session.yaml"
        self.lines: list[str] = []
        settings = session_of(session, STREAMS)
        self.file.write_text(dump_session(settings))
        specs = [ProcessSpec("infer", "", [sys.executable, "-c", WORKER, str(self.file)], 0)]
        self.supervisor = Supervisor(session, specs, log_file=folder / "log.txt", echo=self.lines.append)
        self.choosing = Choosing(board, settings, self.file, folder / "models", self.supervisor)
        (folder / "models").mkdir()
        self.supervisor.start()
        self.loaded("shipped")

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self.supervisor.children[0].pid

    def loaded(self, model: str) -> None:
        """Wait until the newest process has found this model."""
        wait_for(lambda: self.lines[-1:] == [f"MODEL {model}"])

    def model(self, name: str = "own.safetensors", **changes: object) -> Path:
        """Return a model beside the session file, with something changed."""
        path = Path(shutil.copy(model_path("shipped"), self.folder / "models" / name))
        rewrite(path, **changes)
        return path


@pytest.fixture
def events(connection, unique):
    def read() -> list[tuple[str, str]]:
        reader = BlockingReader(connection, {keys.events(unique): ids.START}, Event)
        found = [(entry.record.kind, entry.record.text) for entry in reader.read(0)]
        reader.close()
        return found

    return read


@pytest.fixture
def session(board, unique, tmp_path):
    made = InSetUp(board, unique, tmp_path)
    yield made
    made.supervisor.stop()


def test_a_model_that_is_taken_is_that_of_every_process_that_starts_and_an_event(session, events):
    control = Control(session.board, "set-up", list, session.choosing)
    own, before = session.model(change_header=owned_by("P001")), session.pid
    answer = control.obey(Command("1", "model", {"model": str(own), "device": "cpu"}, "alice"))
    assert (answer.done, answer.sentence) == (True, "The model is now own.safetensors on cpu.")
    session.loaded(str(own))
    (child,) = session.supervisor.children
    assert (child.pid != before, child.restarts, child.state) == (True, 0, "running")
    child.kill()  # whoever is restarted takes it, too
    wait_for(lambda: session.lines.count(f"MODEL {own}") == 2)
    assert child.restarts == 1
    taken = load_session_file(session.file)
    assert (taken.model, taken.device) == (str(own), "cpu")
    assert session.board.chosen().model_hash == model_hash(own)
    answer = control.obey(Command("2", "model", {"model": "none.safetensors"}, "bob"))
    assert (answer.done, answer.overridable) == (False, False)
    assert answer.sentence.startswith("Refused to choose the model: ")
    assert events()[0] == ("model", "The model is now own.safetensors on cpu, asked by alice.")
    assert events()[1][0] == "refused"


def broken(tensors: dict) -> None:
    del tensors[next(name for name in tensors if not name.startswith(("normalisation.", "distance.")))]


@pytest.mark.parametrize(
    ("changes", "device", "expected"),
    [
        ({"change_header": owned_by("P009")}, "cpu", "own.safetensors: is personalized for P009, but the session has"),
        ({"change_header": lambda h: h.update(demonstration=False)}, "cpu", "own.safetensors: it is none, and the"),
        ({"change_tensors": broken}, "cpu", "is missing; make the model again by `helo train`"),
        ({}, "tpu", "device: 'tpu' is not there; choose auto or one of "),
        (None, "cpu", "own.safetensors: no such model file"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_in_one_line_and_the_one_before_goes_on(
    session, changes, device, expected
):
    path = session.folder / "models" / "own.safetensors" if changes is None else session.model(**changes)
    before, pid = session.file.read_text(), session.pid
    with pytest.raises(BadInput) as caught:
        session.choosing.take({"model": str(path), "device": device})
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (session.file.read_text(), session.pid, session.lines) == (before, pid, ["MODEL shipped"])
    assert session.board.chosen().model == "shipped"


def test_a_trial_ends_with_the_session(session):
    own = session.model()
    refused: list[str] = []

    def take() -> None:
        try:
            session.choosing.take({"model": str(own)})
        except BadInput as error:
            refused.append(str(error))

    session.choosing.end()
    thread = threading.Thread(target=take)
    thread.start()
    thread.join(60)
    assert refused == ["own.safetensors: the trial was ended; try again"]


def test_what_may_be_chosen_has_names_that_say_what_it_is(session):
    markup = session.model("<b>bold.safetensors")
    (session.folder / "models" / "notes.txt").touch()
    (session.folder / "models" / "a\nb.safetensors").touch()
    assert offered(session.board.chosen()) == {"shipped": "shipped", "<b>bold.safetensors": str(markup)}
    elsewhere = str(session.folder / "<b>bold.safetensors")
    chosen = replace(session.board.chosen(), model=elsewhere)
    assert list(offered(chosen)) == ["shipped", "<b>bold.safetensors", elsewhere]


@pytest.mark.parametrize(
    ("model_hash", "device", "runs"), [("abc", "cpu", True), ("abc", "cuda", False), ("def", "cpu", False)]
)
def test_what_was_chosen_runs_once_the_new_process_says_so(model_hash, device, runs):
    info = ModelInfo(("Alert",), np.ones(1, np.float32), "abc", "made up", True, "cpu")
    asked = Chosen("shipped", device, model_hash, "shipped", "models")
    assert asked.runs(info) is runs
    assert not asked.runs(None)
    assert replace(asked, device="auto", model_hash="abc").runs(info)
