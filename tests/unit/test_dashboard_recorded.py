"""What page and report get of a recorded session: few moments that hide no peak, reasons, nothing of a blind one."""

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.recorded.compare import compare
from dashboard.recorded.envelope import MOST, moments, ticks_of
from dashboard.recorded.tables import alike, reasons
from dashboard.recorded.view import compose
from pipeline.modalities import EMOTIONS
from pipeline.session.folder import write_provenance
from pipeline.session.outline import read_outline
from pipeline.session.tables import ESTIMATES, estimate_row, write_parquet
from tests.past import MARKUP, estimate, past_session, shares_at

HOP_S = 0.25


def view(path, *, estimates_too=False):
    """Return what is shown of P001."""
    return compose(read_outline(path), "P001", estimates_too=estimates_too)


def unweighed(tick):
    """Return an estimate that abstains, whose modalities weigh nothing."""
    made = estimate(tick, abstained=True, reason="too little")
    return replace(made, modalities={name: replace(use, weight=0.0) for name, use in made.modalities.items()})


def test_few_ticks_are_drawn_one_by_one():
    made = moments(100 + np.arange(50) * HOP_S, HOP_S)
    np.testing.assert_array_equal(made.times, 100 + np.arange(50) * HOP_S)
    assert made.width == HOP_S


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(1, 300), st.randoms(use_true_random=False))
def test_an_envelope_loses_no_peak_and_no_tick(n_ticks, most, random):
    generator = np.random.default_rng(random.randrange(2**32))
    ticks = np.sort(generator.choice(3 * n_ticks, n_ticks, replace=False))
    values = generator.normal(size=n_ticks)
    made = moments(ticks * HOP_S, HOP_S, most)
    assert len(made.times) <= most
    assert made.least(values).min() == values.min()
    assert made.most(values).max() == values.max()
    assert (made.least(values) <= made.mean(values) + 1e-12).all()
    assert (made.mean(values) <= made.most(values) + 1e-12).all()
    counts = np.diff([*made.firsts, n_ticks])
    assert counts.sum() == n_ticks
    np.testing.assert_allclose((made.mean(values) * counts).sum(), values.sum(), atol=1e-9)


def test_a_moment_without_a_number_has_none():
    made = moments(np.arange(4) * HOP_S, HOP_S, 2)
    values = np.array([1.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(made.mean(values), [1, np.nan])
    np.testing.assert_array_equal(made.least(values), [1, np.nan])


def test_a_tick_that_abstained_has_no_share_but_a_reason(tmp_path):
    shown = view(past_session(tmp_path / "s1", abstained=range(20, 30)))
    shares = shown["chart"]["shares"]["share"][0]
    assert [k for k, value in enumerate(shares) if value is None] == list(range(20, 30))
    assert shown["chart"]["estimated"][19:21] == [1000, 0]
    assert shown["chart"]["why"][19:21] == [None, "too little"]
    assert shown["reasons"][0] == ["No estimate", "too little", "2.5 s"]
    assert shares[7] == round(10_000 * float(shares_at(7)[0]))


def test_a_sensor_has_a_weight_where_there_is_an_estimate_alone(tmp_path):
    session = past_session(tmp_path / "s1")
    ticks = [unweighed(tick) if tick < 4000 or tick % 2 else estimate(tick) for tick in range(8000)]
    write_parquet(session / "estimates.parquet", [estimate_row("P001", one) for one in ticks])
    weight = view(session)["chart"]["uses"][0]["weight"]
    assert weight[0] is None
    assert weight[-1] == 750


def test_what_is_sent_is_json_and_what_happened_is_in_it(tmp_path):
    shown = json.loads(json.dumps(view(past_session(tmp_path / "s1", note=MARKUP)), allow_nan=False))
    assert [event["kind"] for event in shown["events"]["rows"]] == ["marker", "marker", "note", "alarm"]
    assert shown["events"]["rows"][2]["text"] == MARKUP
    assert shown["trials"] == [{"t": 2.0, "duration": 4.0, "name": "joy", "condition": ""}]
    assert [use["name"] for use in shown["chart"]["uses"]] == ["EEG", "EDA"]
    assert shown["clocks"][0][:4] == ["EEG", "Cap", "128 Hz", "500.000 ms"]
    assert ["Model's SHA-256", "a-hash"] in shown["facts"]


def test_a_blind_session_s_shares_leave_the_server_for_its_report_alone(tmp_path):
    session = past_session(tmp_path / "s1", display="blind")
    page = view(session)
    assert page["hidden"].startswith("This session is blind")
    assert {weight for use in page["chart"]["uses"] for weight in use["weight"]} == {None}
    assert (page["chart"]["shares"], page["chart"]["again"]) == (None, None)
    assert page["chart"]["uses"]
    assert view(session, estimates_too=True)["chart"]["shares"] is not None


def test_a_session_that_ended_before_its_first_estimate_is_shown(tmp_path):
    session = past_session(tmp_path / "s1", seconds=0)
    assert view(session)["chart"] is None


def test_many_hours_become_as_many_moments_as_a_screen_can_show(tmp_path):
    session = past_session(tmp_path / "s1")
    rows = (estimate_row("P001", estimate(tick, abstained=tick == 9000)) for tick in range(20_000))
    write_parquet(session / "estimates.parquet", rows)
    chart = view(session)["chart"]
    assert len(chart["t"]) <= MOST
    assert chart["ticks"] == 20_000
    assert min(chart["estimated"]) == pytest.approx(1000 * (1 - 1 / 9), abs=1)


def test_a_re_analysis_is_compared_tick_by_tick(tmp_path):
    session = past_session(tmp_path / "s1")
    (session / "analysis").mkdir()
    again = [estimate(tick) for tick in range(80)]
    write_parquet(session / "analysis" / "estimates.parquet", [estimate_row("P001", one) for one in again])
    assert view(session)["chart"]["again"]["sentence"].startswith("All 80 estimates of the re-analysis")
    again[30].distribution[0] += 0.02
    write_parquet(session / "analysis" / "estimates.parquet", [estimate_row("P001", one) for one in again[:70]])
    found = view(session)["chart"]["again"]
    assert found["sentence"] == (
        "Of 80 live estimates, in the re-analysis: 1 differ, by up to 2 points of a share; 10 are missing from it."
    )
    assert found["most"][30] == 200
    assert found["most"][75] is None


@pytest.mark.parametrize("emotions", [EMOTIONS[::-1], EMOTIONS[:-1], ("Calm", *EMOTIONS[1:])])
def test_a_re_analysis_of_other_emotions_is_not_compared(tmp_path, emotions):
    session = past_session(tmp_path / "s1")
    (session / "analysis").mkdir()
    write_parquet(session / "analysis" / "estimates.parquet", [estimate_row("P001", estimate(0))])
    write_provenance(session / "analysis", {"model": {"emotions": list(EMOTIONS)}})
    assert view(session)["chart"]["again"]["most"] is not None
    write_provenance(session / "analysis", {"model": {"emotions": list(emotions)}})
    again = view(session)["chart"]["again"]
    assert "is not compared" in again["sentence"]
    assert again["most"] is None


def test_two_that_share_no_tick_are_said_to(tmp_path):
    outline = read_outline(past_session(tmp_path / "s1"))
    live = ticks_of(outline.estimates(), "P001", len(EMOTIONS))
    nobody = ticks_of(outline.estimates(), "P002", len(EMOTIONS))
    assert "80 are missing" in compare(live, nobody).sentence


def test_what_had_several_reasons_counts_for_each_and_what_is_left_out_is_counted(tmp_path):
    outline = read_outline(past_session(tmp_path / "s1"))
    faults = [f"F{k} flat" for k in range(1, 11)]
    rows = []
    for tick in range(10):
        made = estimate(tick, abstained=True)
        uses = {
            "EEG": replace(made.modalities["EEG"], reasons=tuple(faults[: 10 - tick])),
            "GSR": made.modalities["GSR"],
        }
        reason = f"unlike anything; too few sensors; EEG: {', '.join(faults[: 10 - tick])}"
        rows.append(estimate_row("P001", replace(made, modalities=uses, reason=reason)))
    told = reasons(pa.Table.from_pylist(rows, schema=ESTIMATES), "P001", outline)
    none = [row for row in told if row[0] == "No estimate"]
    assert none[:3] == [
        ["No estimate", "unlike anything", "2.5 s"],
        ["No estimate", "too few sensors", "2.5 s"],
        ["No estimate", "EEG: F1 flat", "2.5 s"],
    ]
    assert none[8:] == [["No estimate", "and 4 more", "1.0 s or less each"]]
    eeg = [row for row in told if row[0] == "EEG"]
    assert eeg[0] == ["EEG", "F1 flat", "2.5 s"]
    assert eeg[8:] == [["EEG", "and 2 more", "0.5 s or less each"]]


def test_reasons_that_differ_in_figures_alone_are_one():
    told = alike(Counter({"no face in 27% of it": 2, "no face in 100% of it": 3, "blink": 1}))
    assert told == [("no face in 27 to 100% of it", 5), ("blink", 1)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("F3 flat", "F8 flat"),
        ("Fp1, F7 railed", "Fp2, F8 railed"),
        ("EEG 001 lost contact", "EEG 002 lost contact"),
        ("50 Hz noise on P3", "50 Hz noise on P8"),
        ("50 Hz noise on most channels", "60 Hz noise on most channels"),
        ("10-10 flat", "10-20 flat"),
        ("5 flat", "6 flat"),
    ],
)
def test_reasons_that_name_other_channels_are_two(first, second):
    assert alike(Counter({first: 2, second: 3})) == [(first, 2), (second, 3)]


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("late, -0.1 s behind", "late, 1.2 s behind", "late, -0.1 to 1.2 s behind"),
        ("no samples for 9 s", "no samples for 12 s", "no samples for 9 to 12 s"),
        ("F3 flat, only 8 of 18 channels are good", "F3 flat, only 7 of 18 channels are good",
         "F3 flat, only 7 to 8 of 18 channels are good"),
        ("2.5% of the window is missing", "10.0% of the window is missing", "2.5 to 10.0% of the window is missing"),
        ("15 frames a second, the model takes 25", "16 frames a second, the model takes 25",
         "15 to 16 frames a second, the model takes 25"),
    ],
)  # fmt: skip
def test_the_range_of_a_figure_is_told(first, second, together):
    assert alike(Counter({first: 2, second: 3})) == [(together, 5)]
