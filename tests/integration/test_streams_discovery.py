"""Which stream a session file means, and what the person at the screen reads when it is not there."""

import threading

import pytest

from pipeline.errors import BadInput
from pipeline.records import StreamInfo
from pipeline.session.config import Match
from pipeline.streams.discovery import find, resolve
from pipeline.streams.outlet import Outlet
from pipeline.streams.survey import survey
from tests.devices import Device

BOUND_S = 20.0


def described(name: str, source_id: str, *, type_: str = "GSR", sfreq: float = 4.0) -> StreamInfo:
    return StreamInfo(
        stream="", name=name, type=type_, source_id=source_id, sfreq=sfreq, ch_names=("EDA",), units=("uS",),
        format="float32", host="", uid="", use="record",
    )  # fmt: skip


def test_a_stream_is_found_by_everything_that_names_it(unique):
    with Outlet(described(unique, f"{unique}-id")):
        for match in (Match(name=unique), Match(source_id=f"{unique}-id"), Match(name=unique, type="GSR")):
            found = find(match, BOUND_S)
            assert (found.name, found.type, found.source_id) == (unique, "GSR", f"{unique}-id")
            assert (found.sfreq, found.channels, found.format) == (4.0, 1, "float32")
            assert found.host
            assert found.uid


def test_a_stream_that_comes_later_is_waited_for(unique):
    outlets: list[Outlet] = []
    timer = threading.Timer(0.7, lambda: outlets.append(Outlet(described(unique, f"{unique}-id"))))
    timer.start()
    assert find(Match(name=unique), BOUND_S).name == unique
    timer.join()
    outlets[0].close()


def test_every_field_of_a_match_must_agree(unique):
    with Outlet(described(unique, f"{unique}-id")), pytest.raises(BadInput, match="type 'EEG'"):
        find(Match(name=unique, type="EEG"), 0.5)


def test_a_missing_stream_is_named_with_what_is_there_instead(unique):
    with Outlet(described(unique, f"{unique}-id")), pytest.raises(BadInput) as caught:
        find(Match(name=f"{unique}-other"), 0.5)
    assert f"no LSL stream with name '{unique}-other' within 0.5 s" in str(caught.value)
    assert f"'{unique}' (type 'GSR', source id '{unique}-id'" in str(caught.value)


def test_two_streams_of_one_name_are_an_error_that_names_both(unique):
    with Outlet(described(unique, f"{unique}-a")), Outlet(described(unique, f"{unique}-b")):
        with pytest.raises(BadInput) as caught:
            find(Match(name=unique), BOUND_S)
        assert find(Match(name=unique, source_id=f"{unique}-b"), BOUND_S).source_id == f"{unique}-b"
    assert "2 LSL streams match" in str(caught.value)
    assert f"{unique}-a" in str(caught.value)
    assert f"{unique}-b" in str(caught.value)


@pytest.mark.parametrize("quotes", ["it's", 'say "so"', 'it\'s "both"'])
def test_a_name_may_hold_quotes(unique, quotes):
    name = f"{unique} {quotes}"
    with Outlet(described(name, f"{unique}-id")):
        assert find(Match(name=name), BOUND_S).name == name


def test_all_streams_are_listed_also_many_on_one_machine(unique):
    outlets = [Outlet(described(f"{unique}-{index:02d}", f"{unique}-{index}")) for index in range(24)]
    try:
        names = [found.name for found in resolve(2.0) if found.name.startswith(unique)]
    finally:
        for outlet in outlets:
            outlet.close()
    assert names == [f"{unique}-{index:02d}" for index in range(24)]


def test_a_silent_stream_and_a_dead_one_are_told_apart(unique):
    with Outlet(described(unique, f"{unique}-silent")):
        silent = find(Match(source_id=f"{unique}-silent"), BOUND_S)
        with Outlet(described(unique, f"{unique}-dead")):
            dead = find(Match(source_id=f"{unique}-dead"), BOUND_S)
        deliveries = survey([silent, dead], 0.2)
    assert deliveries[0].health == "no sample in 0.2 s"
    assert "does not answer" in deliveries[1].health


def test_nothing_found_means_nothing_watched():
    assert survey([], 1.0) == []


def test_a_stream_that_is_stamped_by_another_clock_is_named(unique):
    with Device(unique, shift=3600.0):
        (delivery,) = survey([find(Match(name=unique), BOUND_S)], 1.0)
    assert delivery.health == "delivers, stamped by a clock of its own"
