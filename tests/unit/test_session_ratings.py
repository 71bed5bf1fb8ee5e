"""Ratings as a table: what of the events becomes a row of ``ratings.csv``, and that others read it."""

import json
from pathlib import Path

import pytest

from model.data.simulated import Task, participant_windows
from pipeline.errors import BadInput
from pipeline.modalities import EMOTIONS
from pipeline.records import Event, FeatureWindow
from pipeline.session.folder import EventLog
from pipeline.session.ratings import ItemRating, TrialRating, check_items, in_words, ratings_table
from pipeline.session.scale_file import load_scale
from pipeline.session.settings_file import parse_session
from pipeline.session.tables import feature_row, write_parquet
from pipeline.session.trials import trials_table
from tests.command import helo

STREAMS = {"gsr": {"match": {"type": "GSR"}, "use": "GSR"}, "marks": {"match": {"type": "Markers"}, "use": "Markers"}}
LEAST = dict.fromkeys(EMOTIONS, 1)


def settings_of(scale: str = "panas-short", *participants: str):
    people = {code: {"consent": "ICF", "streams": STREAMS} for code in participants or ("P001",)}
    trials = {"start": "start *", "end": "end *"}
    return parse_session({"session": "s", "participants": people, "trials": trials, "rating": {"scale": scale}}, "test")


def trial(name: str, onset: float, duration: float | None = 30.0, participant: str = "P001") -> list[Event]:
    """Return the markers of a trial."""
    ends = [] if duration is None else [(onset + duration, "end")]
    marks = [(onset, "start"), *ends]
    return [Event(time, "marker", f"{what} {name}", f"{participant}/marks") for time, what in marks]


def rating(name: str, onset: float, values: dict[str, int], participant: str = "P001") -> Event:
    """Return the event of a rating that was given a second after the end of a trial."""
    items = tuple(ItemRating(item, value, 2.5, 1) for item, value in values.items())
    text = TrialRating(participant, name, onset, "PANAS, ten items", 1, 5, items).as_text()
    return Event(onset + 31, "rating", text, f"{participant}/rating")


def recorded(folder: Path, events: list[Event], **of) -> list[list[str]]:
    """Record events, read them back as after a crash; return the rows of the table."""
    folder.mkdir(exist_ok=True)
    log = EventLog(folder / "events.jsonl")
    for number, event in enumerate(events):
        log.append(f"{number}-0", event)
    log.flush()
    log.close()
    settings = of.get("settings") or settings_of()
    for table in (trials_table(folder, settings.trials), ratings_table(folder, settings)):
        table.flush()
    return [line.split(",") for line in (folder / "ratings.csv").read_text().splitlines()]


def test_a_row_holds_what_was_rated_above_the_least_in_the_order_of_the_scale(tmp_path):
    values = dict(reversed((LEAST | {"Inspired": 5, "Afraid": 2}).items()))
    head, row = recorded(tmp_path / "s", [*trial("film-1", 100.0), rating("film-1", 100.0, values)])
    assert head == ["participant", "session", "trial", "start", "end", *EMOTIONS]
    assert row == ["P001", "s", "film-1", "", "", "4", "0", "0", "0", "0", "1", "0", "0", "0", "0"]


def test_a_name_that_comes_twice_is_told_apart_by_times(tmp_path):
    events = [*trial("film", 100.0), *trial("film", 200.125), rating("film", 200.125, LEAST | {"Alert": 3})]
    _, row = recorded(tmp_path / "s", events)
    assert row[2:5] == ["", "200.125000", "230.125000"]


def test_of_two_ratings_of_a_trial_the_first_counts(tmp_path):
    given = [rating("film-1", 100.0, LEAST | {"Alert": value}) for value in (3, 4)]
    _, row = recorded(tmp_path / "s", [*trial("film-1", 100.0), *given])
    assert row[6] == "2"


def test_what_makes_no_distribution_or_no_trial_has_no_row(tmp_path):
    events = [
        *trial("least", 100.0), rating("least", 100.0, LEAST),
        *trial("open", 200.0, None), rating("open", 200.0, LEAST | {"Alert": 3}),
        rating("unrecorded", 300.0, LEAST | {"Alert": 3}),
        *trial("half", 400.0), rating("half", 400.0, {"Alert": 3}),
    ]  # fmt: skip
    assert len(recorded(tmp_path / "s", events)) == 1


def test_participants_rate_their_own_trials(tmp_path):
    events = [*trial("film", 100.0, participant="P001"), *trial("film", 100.0, participant="P002")]
    events.append(rating("film", 100.0, LEAST | {"Alert": 3}, "P002"))
    _, row = recorded(tmp_path / "s", events, settings=settings_of("panas-short", "P001", "P002"))
    assert row[:3] == ["P002", "s", "film"]


def test_a_damaged_event_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"events\.jsonl: the rating at 131\.000 s cannot be read"):
        recorded(tmp_path / "s", [Event(131.0, "rating", '{"trial": 1}', "P001/rating")])


def test_a_page_shows_of_a_rating_which_trial_it_is_of():
    assert in_words("rating", rating("film-1", 1.0, LEAST).text) == "film-1"
    assert in_words("note", "{}") == in_words("rating", "{}") == "{}"


@pytest.mark.parametrize(
    "items",
    [
        [],
        [("Valence", 5), ("Arousal", 5)],
        [("Valence", 5), ("Arousal", 5), ("Dominance", 10)],
        [("Valence", 5), ("Arousal", 5), ("Arousal", 5)],
    ],
)
def test_answers_that_are_not_those_of_the_scale_are_no_rating(items):
    with pytest.raises(ValueError, match=r"was rated|outside"):
        check_items(load_scale("sam", Path()), [ItemRating(name, value, 1.0, 1) for name, value in items])


def test_a_model_is_personalized_by_the_table_as_it_is(tmp_path):
    """Of a simulated participant, who rates as she felt."""
    simulated = participant_windows(Task("P001", 91, 3.6, 1.0))
    events = []
    for name in dict.fromkeys(simulated.trial.tolist()):
        inside = simulated.trial == name
        onset = float(simulated.ends[inside][0])
        felt = simulated.labels[inside].mean(0)
        values = {emotion: 1 + round(4 * share / felt.max()) for emotion, share in zip(EMOTIONS, felt, strict=True)}
        events += [*trial(name, onset, 60.0), rating(name, onset, values)]
    folder = tmp_path / "s"
    recorded(folder, events)
    rows = [
        feature_row("P001", FeatureWindow(tick, float(end), name, array[tick], 1.0, 1.0))
        for tick, end in enumerate(simulated.ends)
        for name, array in simulated.features.items()
    ]
    write_parquet(folder / "features.parquet", rows)
    out = tmp_path / "own.safetensors"
    done = helo("personalize", folder, "--ratings", folder / "ratings.csv", "--out", out, "--json")
    assert done.returncode in {0, 1}, done.stderr  # 1: it would help too little, and is not written
    assert [one["trial"] for one in json.loads(done.stdout)["trials"]] == [f"s/clip-0{number}" for number in (1, 2, 3)]
