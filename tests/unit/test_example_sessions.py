"""The session files that come along: each can be used as it is, and each of its streams as its device says it is."""

from pathlib import Path

import pytest
import yaml

from model.header import model_path, read_header
from pipeline.modalities import EEG_CHANNELS
from pipeline.records import StreamInfo
from pipeline.session.settings_file import load_session_file
from pipeline.signals.participant import ParticipantProcessor
from pipeline.workers.preflight import check_offline
from tests.command import ROOT

EXAMPLES = sorted((ROOT / "recordings" / "examples").glob("*.yaml"))
E4, MUSE = "empatica_e4", "Muse00:55:DA:B0"
#: What the program of each device says of its streams: name, type, source id, rate, labels, units.
#: The sources are in docs/devices.md.
DEVICES: dict[str, list[tuple[str, str, str, float, tuple[str, ...], tuple[str, ...]]]] = {
    "openbci": [("obci_eeg1", "EEG", "openbcigui", 125, tuple(map(str, range(1, 17))), ("",) * 16)],
    "muse": [
        ("Muse", "EEG", MUSE, 256, ("TP9", "AF7", "AF8", "TP10", "Right AUX"), ("microvolts",) * 5),
        ("Muse", "PPG", MUSE, 64, ("PPG1", "PPG2", "PPG3"), ("mmHg",) * 3),
        ("Muse", "ACC", MUSE, 52, ("X", "Y", "Z"), ("g",) * 3),
    ],
    "brainvision": [
        (
            "BrainVision RDA",
            "EEG",
            "RDA 127.0.0.1:51244",
            500,
            (*EEG_CHANNELS, "FC5", "MkIdx"),
            (*("microvolts",) * 19, "Counts (decimal)"),
        )
    ],
    "e4": [
        ("bvp", "BVP", f"BVP-{E4}", 64, ("1",), ("",)),
        ("gsr", "GSR", f"GSR-{E4}", 4, ("1",), ("",)),
        ("tmp", "Temp", f"Temp-{E4}", 4, ("1",), ("",)),
        ("acc", "ACC", f"ACC-{E4}", 32, ("1", "2", "3"), ("",) * 3),
    ],
    "emotibit": [
        ("EDA", "EDA", "MD-V5", 15, ("1",), ("",)),
        ("PPG_GRN", "PPGGreen", "MD-V5", 25, ("1",), ("",)),
        ("TEMP1", "Temperature", "MD-V5", 7.5, ("1",), ("",)),
    ],
    "shimmer": [("helo-brainflow-GSR", "GSR", "s", 128, ("packet counter", "GSR1"), ("count", ""))],
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_passes_its_check(path, tmp_path):
    settings = load_session_file(path)
    own = settings.model != "shipped"  # the one that shows how to use a model of one's own
    if own:  # whether somebody has made it or not
        settings = settings.model_copy(update={"model": str(tmp_path / Path(settings.model).name)})
    checks = {check.name: check for check in check_offline(settings, tmp_path)}
    if own:
        assert path.stem == "wrist"
        assert "no such model file" in checks.pop("model").reason
    assert all(check.ok for check in checks.values()), checks


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_fits_its_example(device):
    settings = load_session_file(ROOT / "recordings" / "examples" / f"{device}.yaml")
    header = read_header(model_path("shipped"))
    found = {}
    for name, type_, source_id, sfreq, labels, units in DEVICES[device]:
        for stream, given in settings.participants["P001"].streams.items():
            said = {"name": name, "type": type_, "source_id": source_id}
            if all(said[field] == value for field, value in given.match.model_dump(exclude_none=True).items()):
                info = StreamInfo(stream, name, type_, source_id, sfreq, labels, units, "float32", "", "", given.use)
                assert given.sfreq in (None, sfreq)
                found[stream] = (info, given)
    processed = {stream: both for stream, both in found.items() if both[1].use in header.modalities}
    assert len(found) == len(DEVICES[device])
    assert processed
    ParticipantProcessor(processed, hop_s=0.25, lateness_s=0.5, eeg_channels=header.eeg_channels)


def test_a_device_page_and_readme_name_every_example():
    page = (ROOT / "docs" / "devices.md").read_text()
    for path in EXAMPLES:
        if path.stem not in ("alarms", "composite", "wrist"):  # which show something else than a device
            assert f"{path.stem}.yaml" in page, f"docs/devices.md does not name {path.stem}.yaml"


def test_no_two_examples_are_of_one_name():
    names = [yaml.safe_load(path.read_text())["session"] for path in EXAMPLES]
    assert len(set(names)) == len(names)
