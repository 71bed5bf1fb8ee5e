"""Under which names and source ids a recording is published."""

from pathlib import Path

from pipeline.files.recording import describe
from pipeline.records import StreamInfo
from pipeline.streams.replay import renamed


def infos(*names: str, types: tuple[str, ...] = ()) -> list[StreamInfo]:
    return [
        describe(Path("rest.set"), name, name=name, type=type_, sfreq=1.0, ch_names=("a",), units=("",))
        for name, type_ in zip(names, types or ("EEG",) * len(names), strict=True)
    ]


def names(*args: object) -> list[str]:
    return [info.name for info in renamed(*args)]


def ids(*args: object) -> list[str]:
    return [info.source_id for info in renamed(*args)]


def test_without_options_nothing_changes():
    before = infos("rest", "rest-markers")
    assert renamed(before, "rest", None, None) == before


def test_a_name_replaces_the_files():
    assert names(infos("rest", "rest-markers"), "rest", "cap", None) == ["cap", "cap-markers"]
    assert names(infos("rest", "rest"), "rest", "wrist", None) == ["wrist", "wrist"]


def test_a_name_replaces_the_only_streams_own_and_precedes_those_of_several():
    assert names(infos("Cap"), "rest", "x", None) == ["x"]
    assert names(infos("Cap", "Wrist"), "rest", "x", None) == ["x-Cap", "x-Wrist"]


def test_a_source_id_is_taken_as_it_is_for_one_stream():
    assert ids(infos("rest"), "rest", None, "device-1") == ["device-1"]


def test_source_ids_of_several_streams_differ():
    several = infos("Muse", "Muse", "Cap", "Muse", types=("EEG", "PPG", "EEG", "PPG"))
    assert ids(several, "rest", None, "d") == ["d-Muse-EEG", "d-Muse-PPG-1", "d-Cap", "d-Muse-PPG-2"]


def test_the_files_markers_leave_the_source_id_to_its_signals():
    assert ids(infos("rest", "markers"), "rest", None, "d") == ["d", "d-markers"]
