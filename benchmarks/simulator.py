"""How fast the simulator is, and whether models can be told apart on it.

A ridge regression of the log-shares on simple features, smoothed over some seconds, is trained on all simulated
participants but one and scored on that one, second by second, unshrunk and shrunk toward the mean label by several
factors. Beside it stand the mean label of the others, and the participant's own mean label, which no model can know.
Run it with ``python benchmarks/simulator.py``; it prints one JSON object and takes about half a minute.
"""

import argparse
import json
import time

import numpy as np
from scipy.signal import lfilter

from pipeline.simulation.participant import SIMULATOR_VERSION, SimulatedParticipant

BANDS = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 45))
GROUPS = {"EEG": slice(0, 90), "GSR": slice(90, 94), "PPG": slice(94, 97), "Face": slice(97, 161)}


def features(second, pulse):
    """Return one second's features: log band powers, skin conductance, heart, face and pose."""
    eeg = second["EEG"].data.astype(float)
    eeg = eeg - eeg.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(eeg * np.hanning(len(eeg))[:, None], axis=0)) ** 2
    bands = np.log(np.array([power[low:high].mean(axis=0) for low, high in BANDS]) + 1e-3)
    gsr = second["GSR"].data[:, 0].astype(float)
    skin = [np.log(gsr.mean() + 0.05), gsr.std(), gsr[-1] - gsr[0], np.abs(np.diff(gsr)).max()]
    found = second["Face"].data[:, 0] > 0
    seen = second["Face"].data[found, 1:].astype(float)
    blendshapes = np.log(np.clip(seen[:, :52], 1e-4, 1)).mean(axis=0) if found.any() else np.zeros(52)
    pose = seen[:, 52:].mean(axis=0) if found.any() else np.zeros(6)
    blinks = [seen[:, 9:11].max() if found.any() else 0.0, found.mean()]
    spread = seen[:, [25, 44, 3, 21]].std(axis=0) if found.any() else np.zeros(4)
    return np.concatenate([bands.ravel(), skin, pulse, blendshapes, pose, blinks, spread])


def heart(waves):
    """Return rate, its variation and the pulse's amplitude from 10 s of photoplethysmogram."""
    wave = waves - np.convolve(waves, np.ones(64) / 64, "same")
    peaks = np.flatnonzero((wave[1:-1] > wave[:-2]) & (wave[1:-1] >= wave[2:]) & (wave[1:-1] > 0.4 * wave.std())) + 1
    peaks = peaks[np.diff(peaks, prepend=-64) > 22]
    beats = np.diff(peaks) / 64
    if len(beats) < 3:
        return np.array([0.0, 0.0, 0.0])
    return np.array([np.log(np.median(beats)), np.log(np.std(beats) + 0.01), np.log(wave[peaks].mean())])


def recording(seed, seconds):
    """Return a participant's features relative to the own past, and labels, a row a second."""
    participant = SimulatedParticipant(seed)
    rows, labels, waves = [], [], np.zeros(640)
    for _ in range(seconds):
        second = participant.next_second()
        waves = np.concatenate([waves[64:], second["PPG"].data[:, 0]])
        rows.append(features(second, heart(waves)))
        labels.append(second["State"].data.mean(axis=0))
    raw = np.array(rows)
    count = np.arange(1, len(raw) + 1)[:, None]
    mean = raw.cumsum(axis=0) / count
    spread = np.sqrt(np.maximum((raw**2).cumsum(axis=0) / count - mean**2, 1e-6)) + 1e-3
    relative = np.clip((raw - mean) / spread, -4, 4) * (count / (count + 30))
    return lfilter([0.15], [1, -0.85], relative, axis=0), np.array(labels, float)


def kl(truth, estimate):
    """Return the mean Kullback-Leibler divergence of the estimate from the truth (nats)."""
    return float((truth * np.log(truth / estimate)).sum(axis=1).mean())


def softmax(values):
    """Return the shares of log-shares."""
    shares = np.exp(values - values.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def loso(recordings, columns, penalty=300.0):
    """Return each left-out participant's KL of the ridge and of the ridge at the best shrinkage of all."""
    scores = []
    for left_out, (x, y) in enumerate(recordings):
        others = [pair for index, pair in enumerate(recordings) if index != left_out]
        xs = np.concatenate([pair[0][:, columns] for pair in others])
        logs = np.log(np.concatenate([pair[1] for pair in others]))
        logs -= logs.mean(axis=1, keepdims=True)
        weights = np.linalg.solve(xs.T @ xs + penalty * np.eye(xs.shape[1]), xs.T @ (logs - logs.mean(axis=0)))
        base = np.log(np.concatenate([pair[1] for pair in others]).mean(axis=0))
        guesses = x[:, columns] @ weights
        scores.append([kl(y, softmax(base + shrink * guesses)) for shrink in (0.0, 0.5, 0.75, 1.0)])
    return np.array(scores)


def main():
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=12)
    parser.add_argument("--first", type=int, default=0, help="seed of the first participant")
    parser.add_argument("--minutes", type=float, default=12.0)
    arguments = parser.parse_args()
    seconds = round(60 * arguments.minutes)
    participant = SimulatedParticipant(arguments.first)
    started = time.process_time()
    for _ in range(300):
        participant.next_second()
    speed = 300 / (time.process_time() - started)
    seeds = range(arguments.first, arguments.first + arguments.participants)
    recordings = [recording(seed, seconds) for seed in seeds]
    scores = {name: loso(recordings, columns) for name, columns in {"all": slice(0, 161), **GROUPS}.items()}
    own = [kl(y, np.tile(y.mean(axis=0), (len(y), 1))) for _, y in recordings]
    scored = scores["all"]
    result = {
        "simulator_version": SIMULATOR_VERSION,
        "times_real_time": round(speed),
        "kl_mean_label": round(scored[:, 0].mean(), 4),
        "kl_own_mean_label_oracle": round(float(np.mean(own)), 4),
        "kl_ridge": {
            name: dict(zip(("x0", "x0.5", "x0.75", "x1"), score.mean(axis=0).round(4).tolist(), strict=True))
            for name, score in scores.items()
        },
        "participants_better_than_mean_label": int((scored[:, 2] < scored[:, 0]).sum()),
        "participants": arguments.participants,
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
