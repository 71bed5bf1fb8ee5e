"""What personalization brings, and whom it harms, on simulated participants whom the model has never seen.

``python -m benchmarks.personal [--participants N] [--minutes M] [--trials T] [--json]``. The first T clips of 60 s of
each participant are rated (the mean of the simulated state during the clip), the later ones are left to judge by. Mean
KL over participants with the shipped model, with its offset for any strength of the pull, and as `helo personalize`
decides; and the same where each rating is that of another participant, so that nothing can be learned from them.
"""

import argparse
import json
from typing import Any, Final, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import softmax

from model.data.dataset import LabelledWindows
from model.data.simulated import simulated_windows
from model.header import model_path
from model.learning.checkpoint import load_network
from model.learning.personal import PULLS, Trial, find_offset, fit_offset, trial_kl
from model.learning.scores import bootstrap, scores
from model.learning.train import estimate

_CLIP_S: Final = 60.0
#: Another seed than that of the shipped model's participants.
_SEED: Final = 77


class Participant(NamedTuple):
    """One participant's estimates."""

    rated: list[Trial]
    later: list[Trial]
    shares: np.ndarray
    """Of every later window ``(n_windows, n_emotions)``."""
    labels: np.ndarray


def participant_of(windows: LabelledWindows, shares: np.ndarray, n_rated: int) -> Participant:
    """Return a participant's clips, each with its mean label."""
    names = list(dict.fromkeys(windows.trial.tolist()))
    trials = []
    for name in names:
        inside = np.flatnonzero(windows.trial == name)
        clip = inside[windows.ends[inside] <= windows.ends[inside[0]] + _CLIP_S]
        label = windows.labels[clip].mean(0).astype(np.float64)
        trials.append(Trial(name, shares[clip].astype(np.float64), label / label.sum()))
    later = np.isin(windows.trial, names[n_rated:])
    return Participant(trials[:n_rated], trials[n_rated:], shares[later], windows.labels[later])


def judged(person: Participant, offset: np.ndarray | float) -> tuple[float, float]:
    """Return the mean KL a later trial and a later window."""
    windows = softmax(np.log(person.shares.astype(np.float64)) + offset, axis=1)
    trials = np.mean([trial_kl(trial, offset) for trial in person.later])
    return float(trials), float(scores(person.labels, windows)["kl"].mean())


def table(people: list[Participant]) -> dict[str, dict[str, Any]]:
    """Return the scores of every way to personalize."""
    others = [person._replace(rated=_rated_by_others(people, place)) for place, person in enumerate(people)]
    ways = {
        "general": [judged(person, 0.0) for person in people],
        **{f"pull {pull:g}": [judged(person, fit_offset(person.rated, pull)) for person in people] for pull in PULLS},
        "helo personalize": [judged(person, find_offset(person.rated).offset) for person in people],
        "ratings of others": [judged(person, find_offset(person.rated).offset) for person in others],
    }
    general = np.array(ways["general"])
    found = {}
    for name, values in ways.items():
        kl = np.array(values)
        change = kl / general[: len(kl)].mean(0) - general[: len(kl)] / general[: len(kl)].mean(0)
        found[name] = {
            "trial": float(kl[:, 0].mean()),
            "window": float(kl[:, 1].mean()),
            "change_of_trial": bootstrap(change[:, 0])._asdict(),
            "change_of_window": bootstrap(change[:, 1])._asdict(),
            "worse": int((kl[:, 0] > general[: len(kl), 0] + 1e-12).sum()),
            "of": len(kl),
        }
    for name, given in (("helo personalize", people), ("ratings of others", others)):
        found[name]["refused"] = sum(not find_offset(person.rated).helps for person in given)
    return found


def _rated_by_others(people: list[Participant], place: int) -> list[Trial]:
    """Return a participant's rated trials, each with the label that another participant gave."""
    return [
        trial._replace(label=people[(place + 1 + number) % len(people)].rated[number].label)
        for number, trial in enumerate(people[place].rated)
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=48)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--trials", type=int, default=3, help="rated clips")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    windows = simulated_windows(options.participants, options.minutes, hop_s=1.0, seed=_SEED)
    network, _ = load_network(model_path("shipped"))
    people = []
    for subject in windows.subjects:
        own = windows.of([subject])
        people.append(participant_of(own, estimate(network, own), options.trials))
    result = table(people)
    if options.json:
        print(json.dumps(result))
        return
    shown = Table(title=f"{options.trials} rated clips, {len(people)} simulated participants", title_justify="left")
    for column in ("", "KL a trial", "change", "KL a window", "change", "worse", "refused"):
        shown.add_column(column, justify="right" if column else "left")
    for name, row in result.items():
        changes = (
            f"{x['mean']:+.0%} [{x['low']:+.0%}, {x['high']:+.0%}]"
            for x in (row["change_of_trial"], row["change_of_window"])
        )
        trial, window = changes
        shown.add_row(
            name, f"{row['trial']:.4f}", trial, f"{row['window']:.4f}", window, f"{row['worse']} of {row['of']}",
            str(row.get("refused", "")),
        )  # fmt: skip
    Console(width=120).print(shown)


if __name__ == "__main__":
    main()
