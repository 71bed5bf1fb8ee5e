"""Windows a second in training, and how long an estimate takes, of the product's network and of the released one.

``python -m benchmarks.network [--device D] [--seconds S] [--json]``. The sizes are the release's defaults (36 + 36
tokens of width 128, training batches of 128) on the shapes of the four live modalities; *shipped* is the size of the
shipped model. Features are drawn: no time depends on their values but that of the transport, whose tokens are then
without structure. Training is forward, loss, backward and a step of AdamW. One core on the CPU; the middle of several.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import torch
from rich.console import Console
from rich.table import Table
from torch.nn import functional

from model.header import model_path, read_header
from model.network.build import build_network
from model.network.labels import alignment_loss
from model.network.settings import NetworkSettings

_TRAINING_BATCH: Final = 128
_BATCHES: Final = (1, 32, 256)


class Workload:
    """A network with drawn features.

    Parameters
    ----------
    settings : NetworkSettings
        Of the network.
    device : str
        Of torch.
    """

    def __init__(self, settings: NetworkSettings, device: str) -> None:
        header = read_header(model_path("shipped"))
        self.device = device
        self._shapes = {name: modality.shape for name, modality in header.modalities.items()}
        self._n_emotions = len(header.emotions)
        torch.manual_seed(0)
        self._network = build_network(settings, self._shapes, self._n_emotions).to(device)
        self._optimiser = torch.optim.AdamW(self._network.parameters())

    def training(self) -> Callable[[], None]:
        """Return a step of training."""
        self._network.train()
        features, present = self._drawn(_TRAINING_BATCH)
        labels = torch.rand(_TRAINING_BATCH, self._n_emotions, device=self.device).softmax(1)

        def step() -> None:
            output = self._network(features, present)
            loss = functional.kl_div(output.log_shares, labels, reduction="batchmean")
            loss = loss + alignment_loss(output.correlation, labels)
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()

        return step

    def inference(self, batch: int) -> Callable[[], None]:
        """Return an estimate of a batch."""
        self._network.eval()
        features, present = self._drawn(batch)

        def estimate() -> None:
            with torch.inference_mode():
                self._network(features, present)

        return estimate

    def _drawn(self, batch: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        features = {name: torch.randn(batch, 2, *shape, device=self.device) for name, shape in self._shapes.items()}
        return features, torch.ones(batch, len(self._shapes), dtype=torch.bool, device=self.device)


def took(work: Callable[[], None], device: str, seconds: float) -> float:
    """Return how long some work takes (s): the middle of as many as fit in `seconds`, three at least."""
    work()
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        _finish(device)
        begun = time.perf_counter()
        work()
        _finish(device)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def measure(settings: NetworkSettings, device: str, seconds: float) -> dict[str, Any]:
    """Return windows a second in training, and milliseconds for each batch."""
    work = Workload(settings, device)
    return {
        "training_windows_per_s": _TRAINING_BATCH / took(work.training(), device, seconds),
        "latency_ms": {str(batch): 1000 * took(work.inference(batch), device, seconds) for batch in _BATCHES},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    torch.set_num_threads(1)
    release = NetworkSettings()
    networks = {
        "helo": release,
        "helo, no transport": NetworkSettings(transport="none"),
        "released": NetworkSettings(variant="released"),
        "shipped": read_header(model_path("shipped")).network,
    }
    found = {name: measure(settings, options.device, options.seconds) for name, settings in networks.items()}
    if options.json:
        print(json.dumps({"device": options.device, **found}))
        return
    table = Table(title=f"{options.device}: the network alone", title_justify="left")
    for column in ("", "training (windows/s)", *(f"batch {batch} (ms)" for batch in _BATCHES)):
        table.add_column(column, justify="right" if column else "left")
    for name, row in found.items():
        latencies = (f"{value:.1f}" for value in row["latency_ms"].values())
        table.add_row(name, f"{row['training_windows_per_s']:.0f}", *latencies)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
