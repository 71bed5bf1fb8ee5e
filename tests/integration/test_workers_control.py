"""Which command fits which state, what it changes, and that it is said who asked."""

import pytest

from pipeline.commands import Command, Recorded, Recording, recording_sentence, recording_state
from pipeline.records import Event
from pipeline.store import ids, keys
from pipeline.store.asking import ask
from pipeline.store.ring import BlockingReader
from pipeline.streams.clock import local_clock
from pipeline.workers.control import Control, obeying
from tests.workers import choosing_of


@pytest.fixture
def events(connection, unique):
    reader = BlockingReader(connection, {keys.events(unique): ids.START}, Event)
    yield lambda: [(entry.record.kind, entry.record.text, entry.record.source) for entry in reader.read(0)]
    reader.close()


@pytest.fixture
def control_of(board, unique, tmp_path):
    """Return a function that makes the control of a session without processes."""
    choosing = choosing_of(board, unique, tmp_path)
    return lambda state, amiss: Control(board, state, amiss, choosing)


def all_is_well() -> list[str]:
    return []


def command(what: str, **arguments: str) -> Command:
    return Command("c", what, arguments, "alice")


@pytest.mark.parametrize(
    ("state", "what", "then"),
    [
        ("set-up", "record", "recording"),
        ("set-up", "pause", None),
        ("recording", "record", None),
        ("recording", "pause", "paused"),
        ("off", "record", None),
        ("off", "pause", None),
        ("recording", "jump", None),
        ("recording", "model", None),
        ("off", "model", None),
    ],
)
def test_what_fits_changes_the_state_and_what_does_not_is_refused(board, events, state, what, then, control_of):
    control = control_of(state, all_is_well)
    answer = control.obey(command(what))
    assert answer.done == (then is not None)
    assert board.recording().state == (then or state)
    ((kind, text, source),) = events()
    assert (kind, source) == (what if then else "refused", "operator")
    assert text.endswith(", asked by alice.")
    assert text.count(".") == 1


def test_spans_follow_each_other_and_begin_after_the_command(board, control_of):
    control = control_of("set-up", all_is_well)
    times = []
    for what in ("record", "pause", "record", "pause"):
        times.append(local_clock())
        assert control.obey(command(what)).done
    (one, two), (three, four) = board.recording().spans
    assert [asked < held for asked, held in zip(times, (one, two, three, four), strict=True)] == [True] * 4
    assert one < two < three < four
    assert board.recording().begun == one


def test_a_chunk_belongs_to_the_span_in_which_it_arrived():
    recording = Recording("recording", ((1.0, 2.0), (3.0, None)))
    assert [recording.span(time) for time in (0.5, 1.0, 1.9, 2.0, 2.5, 3.0, 99.0)] == [None, 0, 0, None, None, 1, 1]


def test_stop_is_obeyed_in_every_state(board, control_of):
    for state in ("off", "set-up", "recording"):
        control = control_of(state, all_is_well)
        assert not control.stop.is_set()
        assert control.obey(command("stop")).done
        assert control.stop.is_set()


def test_a_note_is_an_event_at_its_own_time(board, events, connection, unique, control_of):
    control = control_of("recording", all_is_well)
    now = local_clock()
    assert control.obey(command("note", text="coughs. twice.", time=repr(now))).sentence == "Noted."
    assert "before the recording" in control.obey(command("note", text="x", time=repr(now - 60))).sentence
    assert events() == [("note", "coughs. twice.", "alice"), ("note", "x", "alice")]
    reader = BlockingReader(connection, {keys.events(unique): ids.START}, Event)
    at = [entry.record.time for entry in reader.read(0)]
    reader.close()
    assert at == [now, now - 60]


@pytest.mark.parametrize(
    "arguments",
    [
        {"time": "1"},
        {"text": " ", "time": "1"},
        {"text": "x"},
        *({"text": "x", "time": time} for time in ("soon", "nan", "-inf", "1e12")),
    ],
)
def test_a_note_that_is_none_is_refused(board, events, arguments, control_of):
    assert not control_of("recording", all_is_well).obey(command("note", **arguments)).done
    assert [kind for kind, *_ in events()] == ["refused"]


RED = ["P001/eeg has not been found yet", "the disk is full"]


def test_red_refuses_to_begin_unless_a_reason_is_given_and_recorded(board, events, control_of):
    control = control_of("set-up", lambda: RED)
    answer = control.obey(command("record", despite=" "))
    assert (answer.done, answer.overridable, board.recording().state) == (False, True, "set-up")
    red = "P001/eeg has not been found yet; the disk is full"
    assert answer.sentence == f"Refused to record: {red}; give a reason to record despite that."
    answer = control.obey(command("record", despite="only GSR counts."))
    assert (answer.done, answer.overridable, board.recording().state) == (True, False, "recording")
    text = f"The recording begins although {red}: only GSR counts"
    assert events()[1] == ("record", f"{text}, asked by alice.", "operator")


def test_what_does_not_fit_the_state_cannot_be_overridden(board, control_of):
    answer = control_of("off", lambda: RED).obey(command("record", despite="I want to"))
    assert (answer.done, answer.overridable) == (False, False)
    assert "--no-record" in answer.sentence


def test_red_does_not_keep_a_pause_from_ending(board, control_of):
    control = control_of("recording", lambda: RED)
    assert control.obey(command("pause")).done
    assert control.obey(command("record")).sentence == "The recording goes on."


def test_a_recording_that_was_stopped_is_not_taken_up(board, control_of):
    control = control_of("recording", all_is_well)
    board.put_recorded(Recorded({}, 0, 0, "The disk is full.", 1.0))
    for what in ("pause", "record"):
        answer = control.obey(command(what))
        assert not answer.done
        assert "The disk is full" in answer.sentence


def test_whoever_asks_gets_the_answer_to_this_very_question(board, connection, store_server, unique, control_of):
    control = control_of("set-up", all_is_well)
    with obeying(connection, unique, board, control):
        assert ask(store_server.url, unique, "pause", "alice").done is False
        assert ask(store_server.url, unique, "record", "bob").sentence == "The recording begins."


def test_a_command_that_fails_is_answered_and_so_is_the_next(
    board, connection, store_server, unique, control_of, tmp_path, events, caplog
):
    """Something that nobody thought of: here a pre-flight that cannot look at its disk."""
    control = control_of("set-up", (tmp_path / "unplugged").read_text)
    with obeying(connection, unique, board, control):
        failed = ask(store_server.url, unique, "record", "alice")
        assert (failed.done, failed.overridable) == (False, False)
        assert failed.sentence.startswith("Failed to record: [Errno 2] No such file or directory")
        assert failed.sentence.count("\n") == 0
        assert ask(store_server.url, unique, "note", "bob", text="coughs", time=repr(local_clock())).done
        assert board.recording().state == "set-up"
    assert [(kind, source) for kind, _, source in events()] == [("failed", "operator"), ("note", "bob")]
    assert "Traceback" in caplog.text


def test_the_state_is_told_in_words():
    recorded = Recorded({"P001/eeg": 1200, "P001/gsr": 34}, 2_500_000, 1, "", 1.0)
    assert recording_sentence(Recording("recording"), recorded) == "Recording: 1,234 samples of 2 streams, 2.5 MB."
    assert recording_sentence(Recording("paused"), recorded).startswith("Paused: ")
    assert recording_sentence(None, None) == recording_state(None, None) == ""
    stopped = Recorded({}, 0, 0, "The disk is full.", 1.0)
    assert recording_sentence(Recording("recording"), stopped) == "The disk is full."
    assert recording_state(Recording("recording"), stopped) == "stopped"
