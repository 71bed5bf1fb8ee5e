"""Labels, units and flags stand in a stream's XML where XDF puts them, and come back from it."""

from xml.etree import ElementTree

import pytest

from pipeline.records import StreamInfo
from pipeline.simulation.participant import stream_infos
from pipeline.streams.description import from_xml, to_lsl


@pytest.mark.parametrize("kind", ["EEG", "GSR", "PPG", "Face", "State", "Markers"])
def test_a_description_comes_back_from_its_xml(kind):
    info = stream_infos(3, counter=True)[kind]
    back = from_xml(to_lsl(info).as_xml(), stream=info.stream, use=info.use)
    assert _fields(back) == _fields(info)
    assert "<desc>" in back.desc


def test_the_layout_is_xdfs():
    root = ElementTree.fromstring(to_lsl(stream_infos(3)["Face"]).as_xml())
    channels = root.findall("desc/channels/channel")
    assert [channel.findtext("label") for channel in channels][:2] == ["face_found", "_neutral"]
    assert channels[-1].findtext("unit") == "cm"
    assert root.findtext("desc/synchronization/can_drop_samples") == "true"


def test_a_stream_without_labels_gets_numbers_and_the_session_files_unit():
    xml = """<info><name>bare</name><type>GSR</type><channel_count>2</channel_count><source_id/>
             <channel_format>double64</channel_format><nominal_srate>4.0</nominal_srate><desc/></info>"""
    info = from_xml(xml, stream="gsr", use="GSR", unit="nS")
    assert (info.ch_names, info.units, info.sfreq, info.format) == (("1", "2"), ("nS", "nS"), 4.0, "double64")
    assert not info.can_drop_samples


def test_labels_that_do_not_fit_the_channel_count_are_not_believed():
    xml = """<info><name>odd</name><channel_count>2</channel_count><nominal_srate>4</nominal_srate>
             <desc><channels><channel><label>only one</label></channel></channels></desc></info>"""
    assert from_xml(xml).ch_names == ("1", "2")


def _fields(info: StreamInfo) -> tuple[object, ...]:
    return (
        info.stream, info.name, info.type, info.source_id, info.sfreq, info.ch_names, info.units, info.format, info.use,
        info.can_drop_samples,
    )  # fmt: skip
