"""``helo webcam``: a camera's face, as numbers, over LSL."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from pipeline.cli.options import Network, outlets
from pipeline.errors import BadInput
from pipeline.modalities import BLENDSHAPES
from pipeline.stopping import stop_on_signals

if TYPE_CHECKING:
    from pipeline.streams.webcam.webcam import Watched, Webcam

_STRONGEST = 8


def webcam(
    *,
    camera: Annotated[int, typer.Option(min=0, help="Which camera: 0 is the first.")] = 0,
    video: Annotated[Path | None, typer.Option(help="A video instead of a camera, over and over.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Show on the terminal what is measured; no picture.")] = False,
    patterns: Annotated[
        bool, typer.Option("--patterns", help="Also publish LBP-TOP counts, for models of DMER's features.")
    ] = False,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Stop after this many seconds.")] = None,
    name: Annotated[str, typer.Option(help="Publish under this name.")] = "helo-webcam",
    source_id: Annotated[str | None, typer.Option(help="Publish with this source id.")] = None,
    network: Network = False,
) -> None:
    """Publish face features of a camera over LSL, until Ctrl-C; no picture leaves this process, none is written."""
    if not name or source_id == "":
        raise BadInput("--name and --source-id cannot be empty; give a text, or leave the option out")
    stop = threading.Event()
    stop_on_signals(stop)
    with outlets(network=network):
        from pipeline.streams.webcam.capture import Video, open_camera
        from pipeline.streams.webcam.landmarks import FaceLandmarks
        from pipeline.streams.webcam.webcam import Webcam, camera_id

        console = Console(stderr=True)
        source = Video(video) if video is not None else open_camera(camera)
        own_id = f"helo-webcam-{video.stem}" if video is not None else camera_id(camera)
        model = require_webcam()
        with (
            FaceLandmarks(model) as landmarks,
            Webcam(source, landmarks, name=name, source_id=source_id or own_id, patterns=patterns) as published,
        ):
            info = published.face.info
            others = " and ".join(outlet.info.name for outlet in (published.blinks, published.patterns) if outlet)
            console.print(
                f"Publishing {info.name} (Face, {len(info.ch_names)} channels, {info.sfreq:g} Hz, source id "
                f"{info.source_id}) and {others} from {source.label}; Ctrl-C ends it.",
                highlight=False, markup=False, soft_wrap=True,
            )  # fmt: skip
            watched = _run(published, stop, float("inf") if duration is None else duration, console if show else None)
    if watched is not None:
        console.print(_summary(watched), highlight=False, markup=False, soft_wrap=True)


def require_webcam() -> Path:
    """Return the face model; the first time it is fetched, and that is said.

    Raises
    ------
    BadInput
        It cannot be had, or the extra ``webcam`` is not installed.
    """
    from pipeline.streams.webcam.capture import opencv
    from pipeline.streams.webcam.model_file import face_model

    opencv()
    with Console(stderr=True).status("Looking for the face model (fetched once, 3 MB) ..."):
        return face_model()


def _run(published: "Webcam", stop: threading.Event, duration: float, console: Console | None) -> "Watched | None":
    if console is None:
        return published.run(stop, duration=duration)
    with _showing(console) as seen:
        return published.run(stop, duration=duration, seen=seen.show)


class _Newest:
    """What the terminal shows: drawn four times a second, however often frames come."""

    def __init__(self) -> None:
        self._watched: Watched | None = None

    def show(self, watched: "Watched") -> None:
        self._watched = watched

    def table(self) -> Table:
        return _table(self._watched) if self._watched is not None else Table(box=None)


@contextmanager
def _showing(console: Console) -> Iterator[_Newest]:
    newest = _Newest()
    with Live(console=console, get_renderable=newest.table, transient=True):
        yield newest


def _table(watched: "Watched") -> Table:
    """Return the newest frame in words: presence, blinks, light, head, and the strongest blendshapes."""
    from pipeline.streams.webcam.landmarks import CHANNELS

    table = Table(box=None, pad_edge=False, show_header=False)
    frame = dict(zip(CHANNELS, watched.frame.tolist(), strict=True))
    table.add_row("face", "seen" if frame["face_found"] else "not found")
    if not math.isnan(watched.presence):
        table.add_row("last minute", f"a face in {watched.presence:.0%} of the frames")
    if not math.isnan(watched.blink_rate):
        table.add_row("blinks", f"{watched.blink_rate:.0f} a minute")
    table.add_row("frames", f"{watched.frames}, {watched.skipped} skipped")
    table.add_row("brightness", f"{frame['brightness']:.0%} of white")
    if frame["face_found"]:
        table.add_row("head", ", ".join(f"{name} {frame[f'{name}_deg']:+.0f}°" for name in ("yaw", "pitch", "roll")))
        for name in sorted(BLENDSHAPES, key=frame.__getitem__, reverse=True)[:_STRONGEST]:
            table.add_row(name, f"{frame[name]:.2f} {'█' * round(20 * frame[name])}")
    return table


def _summary(watched: "Watched") -> str:
    skipped = f"; {watched.skipped} pictures came while an earlier one was measured" if watched.skipped else ""
    return f"{watched.frames} frames, {watched.faces} with a face{skipped}"
