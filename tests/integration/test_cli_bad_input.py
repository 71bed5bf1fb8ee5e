"""Bad input: one clear line that names what is wrong and how to mend it, status 2, no traceback."""

import socket
from pathlib import Path

import pytest
import yaml
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from pipeline.records import StreamInfo
from pipeline.streams.outlet import Outlet
from tests.command import helo


def session(tmp_path: Path, streams: dict, **more: object) -> Path:
    """Write a session file that waits one second for its streams."""
    content = {
        "session": "bad",
        "resolve_timeout_s": 1,
        "participants": {"P001": {"consent": "ICF-v3", "streams": streams}},
        **more,
    }
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def refused(tmp_path: Path, *arguments: object, env: dict[str, str] | None = None) -> str:
    """Run a command that must be refused, and return the one line that it says."""
    done = helo(*arguments, env=env)
    assert done.returncode == 2, (done.returncode, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.startswith("helo: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return lines[0]


def run(tmp_path: Path, file: Path, env: dict[str, str] | None = None) -> str:
    return refused(tmp_path, "run", file, "--no-dashboard", "--recordings", tmp_path / "rec", env=env)


@pytest.fixture
def eeg(unique):
    """An EEG stream on the network that nobody else knows."""
    info = StreamInfo(
        "eeg", unique, "EEG", unique, 300.0, ("Fp1", "Fp2", "F3", "F4"), ("uV",) * 4, "float32", "", "", "EEG"
    )
    with Outlet(info) as outlet:
        yield outlet


def test_a_misspelt_key_names_the_nearest_known_one(tmp_path):
    line = run(tmp_path, session(tmp_path, {"eeg": {"match": {"type": "EEG"}, "use": "EEG", "untis": "uV"}}))
    assert "s.yaml" in line
    assert "untis" in line
    assert "'unit'" in line


def test_an_unknown_stream_is_named_with_what_was_found_instead(tmp_path, unique, eeg):
    line = run(tmp_path, session(tmp_path, {"eeg": {"match": {"name": f"{unique}-not"}, "use": "EEG"}}))
    assert f"{unique}-not" in line
    assert unique in line.replace(f"{unique}-not", "")


def test_a_wrong_unit_is_named(tmp_path):
    line = run(tmp_path, session(tmp_path, {"gsr": {"match": {"type": "GSR"}, "use": "GSR", "unit": "kOhm"}}))
    assert "gsr" in line
    assert "kOhm" in line
    assert "uS" in line


def test_a_unit_that_contradicts_the_stream_is_named(tmp_path, unique, gsr):
    line = run(tmp_path, session(tmp_path, {"gsr": {"match": {"name": unique}, "use": "GSR", "unit": "nS"}}))
    assert "says that it is in uS, the session file says nS" in line


def test_two_streams_for_one_modality_are_refused(tmp_path):
    streams = {"a": {"match": {"name": "a"}, "use": "GSR"}, "b": {"match": {"name": "b"}, "use": "GSR"}}
    line = run(tmp_path, session(tmp_path, streams))
    assert "a and b are both used as GSR" in line


def test_two_lsl_streams_that_match_are_both_named(tmp_path, unique, eeg):
    twin = StreamInfo("eeg", unique, "EEG", f"{unique}-2", 300.0, ("Fp1",), ("uV",), "float32", "", "", "EEG")
    with Outlet(twin):
        line = run(tmp_path, session(tmp_path, {"eeg": {"match": {"name": unique}, "use": "EEG"}}))
    assert f"{unique}-2" in line
    assert "source_id" in line


def test_a_modality_that_is_not_permitted_is_refused(tmp_path):
    line = run(tmp_path, session(tmp_path, {"ecg": {"match": {"type": "ECG"}, "use": "ECG"}}))
    assert "ecg.use" in line
    assert "record" in line


def test_no_consent_reference_is_refused(tmp_path):
    file = session(tmp_path, {})
    file.write_text("session: s\nparticipants: {P001: {streams: {eeg: {match: {type: EEG}, use: EEG}}}}\n")
    assert "consent" in run(tmp_path, file)


def test_too_few_real_eeg_channels_are_refused(tmp_path, unique, eeg):
    line = run(tmp_path, session(tmp_path, {"eeg": {"match": {"name": unique}, "use": "EEG"}}))
    assert "4 of" in line
    assert "18" in line


@pytest.fixture
def gsr(unique):
    """A GSR stream on the network."""
    info = StreamInfo("gsr", unique, "GSR", unique, 32.0, ("EDA",), ("uS",), "float32", "", "", "GSR")
    with Outlet(info) as outlet:
        yield outlet


def test_a_checkpoint_of_another_shape_is_refused(tmp_path, unique, gsr):
    shipped = Path(__file__).parents[2] / "model" / "shipped.safetensors"
    with safe_open(shipped, "np") as opened:
        header = opened.metadata()
    tensors = load_file(shipped)
    name = next(name for name, tensor in sorted(tensors.items()) if tensor.ndim == 2)
    tensors[name] = tensors[name][:, :-1].copy()
    other = tmp_path / "other.safetensors"
    save_file(tensors, other, metadata=header)
    streams = {"gsr": {"match": {"name": unique}, "use": "GSR", "unit": "uS"}}
    line = run(tmp_path, session(tmp_path, streams, model=str(other)))
    assert "other.safetensors" in line
    assert name in line


def test_a_model_file_that_is_not_there_is_refused(tmp_path):
    streams = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}}
    assert "none.safetensors" in run(tmp_path, session(tmp_path, streams, model=str(tmp_path / "none.safetensors")))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["model"], "control model: which? give shipped or a .safetensors FILE, or --device"),
        (["pause", "own.safetensors"], "control pause: takes no FILE"),
        (["record", "--device", "cpu"], "control record: takes no FILE and no --device"),
    ],
)
def test_a_model_is_named_where_one_is_chosen_and_nowhere_else(tmp_path, arguments, sentence):
    assert sentence in refused(tmp_path, "control", *arguments)


@pytest.mark.parametrize("duration", ["inf", "1e308"])
def test_a_duration_that_is_never_over_is_refused_before_anything_starts(tmp_path, duration):
    line = refused(tmp_path, "demo", "--duration", duration, "--no-dashboard", "--recordings", tmp_path / "rec")
    assert "--duration: " in line
    assert "s are never over; give fewer, or leave it out" in line
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        line = refused(tmp_path, "demo", "--recordings", tmp_path / "rec", env={"HELO_PORT": port})
    assert f"port {port} is taken" in line


def test_a_port_that_is_none_is_named(tmp_path):
    assert "HELO_PORT" in refused(tmp_path, "demo", env={"HELO_PORT": "high"})


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"HELO_ADDRESS": "0.0.0.0"}, "HELO_PASSWORD: others can reach 0.0.0.0, so a password"),
        ({"HELO_ADDRESS": "0.0.0.0", "HELO_PASSWORD": "short"}, "HELO_PASSWORD: others can reach 0.0.0.0"),
        ({"HELO_ADDRESS": "lab-pc"}, "HELO_ADDRESS: 'lab-pc' is no address"),
        (
            {"HELO_ADDRESS": "192.0.2.1", "HELO_PASSWORD": "long enough for it"},
            "192.0.2.1 is no address of this machine",
        ),
    ],
)
def test_pages_that_others_could_reach_need_a_password_and_an_address_that_is_there(tmp_path, env, sentence):
    assert sentence in refused(tmp_path, "demo", "--recordings", tmp_path / "rec", env=env)


def test_a_store_that_does_not_answer_is_named_without_its_password(tmp_path):
    url = "redis://:hush@127.0.0.1:1/0"
    line = refused(tmp_path, "demo", "--no-dashboard", "--recordings", tmp_path / "rec", env={"HELO_REDIS_URL": url})
    assert "does not answer" in line
    assert "hush" not in line


def test_nothing_is_left_behind_by_a_refused_run(tmp_path):
    run(tmp_path, session(tmp_path, {"eeg": {"match": {"name": "nobody"}, "use": "EEG"}}))
    recordings = tmp_path / "rec"
    assert not recordings.exists() or not list(recordings.iterdir())
