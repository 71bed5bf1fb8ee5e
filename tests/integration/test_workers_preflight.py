"""Pre-flight: go or no-go, with a reason that says what to do."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import BadInput
from pipeline.records import StreamInfo
from pipeline.session.config import SessionFile
from pipeline.session.settings_file import parse_session
from pipeline.streams.discovery import Found, find
from pipeline.streams.outlet import Outlet
from pipeline.workers import preflight
from pipeline.workers.preflight import Check, check_offline, check_streams, require
from tests.workers import session_of


def eda(unique: str, unit: str = "uS", name: str = "EDA") -> StreamInfo:
    return StreamInfo("", unique, "GSR", f"{unique}-{name}", 32.0, (name,), (unit,), "float32", "", "", "record")


def marker(unique: str, sfreq: float, fmt: str) -> StreamInfo:
    return StreamInfo("", unique, "Markers", unique, sfreq, ("code",), ("",), fmt, "", "", "record")


@pytest.fixture
def network() -> Iterator[ExitStack]:
    """Takes outlets, and closes them."""
    with ExitStack() as stack:
        yield stack


def of(settings: SessionFile) -> dict[str, Check]:
    return {check.name: check for check in check_streams(settings)}


def gsr(unique: str, **more: Any) -> dict[str, Any]:
    return {"match": {"name": unique}, "use": "GSR", **more}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"when": "emotion", "emotion": "Joy", "above": 0.5},
            "alarms.0: emotion: the model knows no 'Joy'; use one of Inspired",
        ),
        (
            {"when": "emotion", "emotion": "Upset", "above": 0.5},
            "alarms.0: rests on estimates of a demonstration model",
        ),
        ({"when": "abstained"}, "add `demonstration: true` to the rule"),
    ],
)
def test_an_alarm_that_would_not_sound_is_refused(tmp_path, unique, rule, words):
    settings = session_of(unique, {"gsr": gsr(unique)}, alarms=[rule])
    with pytest.raises(BadInput, match="alarms") as caught:
        require(check_offline(settings, tmp_path), "s.yaml")
    assert words in str(caught.value)


def test_an_alarm_on_a_demonstration_model_sounds_if_asked_for_by_name(tmp_path, unique):
    rules = [{"when": "abstained", "demonstration": True}, {"when": "lost"}]
    checks = check_offline(session_of(unique, {"gsr": gsr(unique)}, alarms=rules), tmp_path)
    assert {check.name: check.ok for check in checks}["alarms"]


def test_the_model_and_the_disk_are_checked_without_a_sensor(tmp_path, unique):
    checks = check_offline(session_of(unique, {"gsr": gsr(unique)}), tmp_path / "not" / "yet")
    assert [(check.name, check.ok) for check in checks] == [("model", True), ("disk", True)]
    assert str(tmp_path) in checks[1].reason


def test_a_full_disk_is_no_go(tmp_path, unique, monkeypatch):
    monkeypatch.setattr(preflight, "MIN_FREE_BYTES", 1 << 80)
    disk = check_offline(session_of(unique, {"gsr": gsr(unique)}), tmp_path)[1]
    assert not disk.ok
    assert "make room" in disk.reason


@pytest.mark.parametrize(
    ("model", "use", "words"),
    [("none.safetensors", "GSR", "no such model"), ("shipped", "Temperature", "add a stream")],
)
def test_a_model_that_cannot_serve_is_no_go(tmp_path, unique, model, use, words):
    settings = session_of(unique, {"one": {"match": {"name": unique}, "use": use}}, model=model)
    check = check_offline(settings, tmp_path)[0]
    assert not check.ok
    assert words in check.reason


def test_a_stream_that_fits_is_described(network, unique):
    network.enter_context(Outlet(eda(unique)))
    checks = of(session_of(unique, {"gsr": gsr(unique)}))
    assert all(check.ok for check in checks.values())
    assert f"'{unique}' on " in checks["P001/gsr"].reason
    assert "1 channels, 32 Hz" in checks["P001/gsr"].reason


def test_another_rate_or_unit_than_needed_is_no_go(network, unique):
    network.enter_context(Outlet(eda(unique, unit="kOhm")))
    checks = of(session_of(unique, {"gsr": gsr(unique)}))
    assert checks["P001/gsr"].ok
    assert not checks["P001 processing"].ok
    assert "'kOhm'" in checks["P001 processing"].reason
    expected = of(session_of(unique, {"gsr": gsr(unique, sfreq=64)}))
    assert not expected["P001/gsr"].ok
    assert "has 32 Hz, expected 64 Hz" in expected["P001/gsr"].reason


def test_only_a_required_stream_has_to_be_there(network, unique):
    network.enter_context(Outlet(eda(unique)))
    ppg = {"match": {"name": f"{unique}-not"}, "use": "PPG"}
    settings = {"ppg": {**ppg, "required": False}, "gsr": gsr(unique)}
    optional = of(session_of(unique, settings, resolve_timeout_s=0.5))
    assert all(check.ok for check in optional.values())
    assert "no LSL stream" in optional["P001/ppg"].reason
    required = of(session_of(unique, {"ppg": ppg}, resolve_timeout_s=0.5))
    assert not required["P001/ppg"].ok
    assert unique in required["P001/ppg"].reason


@pytest.mark.parametrize("back", [True, False])
def test_a_stream_that_goes_while_it_is_opened_is_looked_for_once_more(network, unique, monkeypatch, back):
    first = [Outlet(eda(unique))]

    def goes_once_it_is_found(*arguments: Any, **more: Any) -> Found:
        found = find(*arguments, **more)
        if first:
            first.pop().close()
            if back:
                network.enter_context(Outlet(eda(unique)))
        return found

    monkeypatch.setattr(preflight, "find", goes_once_it_is_found)
    check = of(session_of(unique, {"gsr": gsr(unique)}, resolve_timeout_s=10 if back else 0.5))["P001/gsr"]
    assert check.ok == back
    assert (f"'{unique}' on " if back else "no LSL stream with") in check.reason


def two(unique: str, streams: tuple[dict[str, Any], dict[str, Any]]) -> SessionFile:
    participants = {
        code: {"consent": "ICF-v3", "streams": {"one": stream}}
        for code, stream in zip(("P001", "P002"), streams, strict=True)
    }
    return parse_session({"session": unique, "participants": participants}, "test")


def test_one_sensor_cannot_be_that_of_two_participants(network, unique):
    network.enter_context(Outlet(eda(unique)))
    checks = check_streams(two(unique, (gsr(unique), gsr(unique))))
    (no,) = [check for check in checks if not check.ok]
    assert no.name == "P002/one"
    assert "serves P001/one already" in no.reason


def test_two_participants_may_share_a_device_channel_by_channel_and_markers(network, unique):
    both = StreamInfo("", unique, "GSR", unique, 32.0, ("a", "b"), ("uS", "uS"), "float32", "", "", "record")
    network.enter_context(Outlet(both))
    own = [gsr(unique, channels=[name]) for name in both.ch_names]
    assert all(check.ok for check in check_streams(two(unique, (own[0], own[1]))))
    network.enter_context(Outlet(marker(f"{unique}-m", 0.0, "string")))
    marks = {"match": {"name": f"{unique}-m"}, "use": "Markers"}
    assert all(check.ok for check in check_streams(two(unique, (marks, marks))))


@pytest.mark.parametrize(
    ("sfreq", "fmt", "ok"), [(0.0, "int32", True), (100.0, "string", True), (500.0, "int32", False)]
)
def test_numbers_that_come_all_the_time_are_no_markers(network, unique, sfreq, fmt, ok):
    network.enter_context(Outlet(marker(unique, sfreq, fmt)))
    check = of(session_of(unique, {"marks": {"match": {"name": unique}, "use": "Markers"}}))["P001/marks"]
    assert check.ok == ok
    if not ok:
        assert "sends 500 numbers a second, and each would be a marker; set `use: record`" in check.reason
    recorded = of(session_of(unique, {"marks": {"match": {"name": unique}, "use": "record"}}))
    assert recorded["P001/marks"].ok


def test_the_first_no_is_raised_with_the_file_and_the_check():
    require([Check("disk", True, "")], "s.yaml")
    checks = [Check("model", True, ""), Check("disk", False, "full; make room"), Check("P001/eeg", False, "gone")]
    with pytest.raises(BadInput, match=r"^s\.yaml: disk: full; make room$"):
        require(checks, str(Path("s.yaml")))


def test_a_counter_that_the_stream_does_not_have_is_no_go(network, unique):
    network.enter_context(Outlet(eda(unique)))
    check = of(session_of(unique, {"gsr": gsr(unique, counter="CNT")}))["P001/gsr"]
    assert not check.ok
    assert "counter: CNT not in the stream, which has EDA; correct `counter`" in check.reason
