"""The publisher: estimates go back to LSL, one stream a participant, with the emotions as channel labels."""

import numpy as np

from pipeline.records import Estimate, ModelInfo, StreamInfo
from pipeline.store import ids, keys
from pipeline.store.ring import BlockingReader, last
from pipeline.streams.outlet import Outlet
from pipeline.workers.context import WorkerContext, worker_main


def estimate_stream(
    session: str, participant: str, emotions: tuple[str, ...], hop_s: float, *, demonstration: bool = False
) -> StreamInfo:
    """Return the description of the stream that carries a participant's estimates.

    One channel an emotion (its share), and ``abstained`` (1 where the estimate abstained) as the last. Those of a
    `demonstration` model say so in the stream's name, wherever they are seen.
    """
    return StreamInfo(
        stream="estimates",
        name=f"helo-{'demonstration' if demonstration else 'estimates'}-{participant}",
        type="EmotionDistribution",
        source_id=f"helo-{session}-{participant}-estimates",
        sfreq=1 / hop_s,
        ch_names=(*emotions, "abstained"),
        units=("share",) * len(emotions) + ("bool",),
        format="float32",
        host="",
        uid="",
        use="record",
        can_drop_samples=True,
    )


def run(context: WorkerContext) -> None:
    """Publish until asked to stop; estimates from before the start are not sent again."""
    follow = {keys.estimates(context.session, name): name for name in context.settings.participants}
    newest = {key: last(context.connection, key, Estimate) for key in follow}
    reader = BlockingReader(
        context.connection, {key: entry.id if entry else ids.START for key, entry in newest.items()}, Estimate
    )
    outlets: dict[str, Outlet] = {}
    while not context.stop.is_set():
        model = None if outlets else context.board.model()
        if model is not None:  # the streams are there before the first estimate, for whoever wants to record them
            outlets = {name: Outlet(_described(context, name, model)) for name in follow.values()}
        for entry in reader.read(0.25) if outlets else ():
            estimate = entry.record
            sample = [*estimate.distribution.tolist(), float(estimate.abstained)]
            outlets[follow[entry.key]].push(np.array([sample], np.float32), np.array([estimate.time]))
        if not outlets:
            context.stop.wait(0.25)
    for outlet in outlets.values():
        outlet.close()
    reader.close()


def _described(context: WorkerContext, participant: str, model: ModelInfo) -> StreamInfo:
    hop_s = context.settings.hop_s
    return estimate_stream(context.session, participant, model.emotions, hop_s, demonstration=model.demonstration)


if __name__ == "__main__":
    worker_main("publisher", run)
