"""The publisher: estimates go back to LSL, one stream a participant, with the emotions as channel labels."""

import numpy as np

from pipeline.records import Estimate, StreamInfo
from pipeline.store import ids, keys
from pipeline.store.ring import BlockingReader, last
from pipeline.streams.outlet import Outlet
from pipeline.workers.context import WorkerContext, worker_main


def estimate_stream(session: str, participant: str, emotions: tuple[str, ...], hop_s: float) -> StreamInfo:
    """Return the description of the stream that carries a participant's estimates.

    One channel an emotion (its share), and ``abstained`` (1 where the estimate abstained) as the last.
    """
    return StreamInfo(
        stream="estimates",
        name=f"helo-estimates-{participant}",
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
    outlets: dict[str, Outlet] = {}
    follow = {keys.estimates(context.session, name): name for name in context.settings.participants}
    newest = {key: last(context.connection, key, Estimate) for key in follow}
    reader = BlockingReader(
        context.connection, {key: entry.id if entry else ids.START for key, entry in newest.items()}, Estimate
    )
    while not context.stop.is_set():
        context.pulse.beat()
        for entry in reader.read(0.25):
            participant, estimate = follow[entry.key], entry.record
            if participant not in outlets:
                model = context.board.model()
                if model is None:
                    context.log.warning("an estimate without a model is not published", tick=estimate.tick)
                    continue
                outlets[participant] = Outlet(
                    estimate_stream(context.session, participant, model.emotions, context.settings.hop_s)
                )
            sample = [*estimate.distribution.tolist(), float(estimate.abstained)]
            outlets[participant].push(np.array([sample], np.float32), np.array([estimate.time]))
    for outlet in outlets.values():
        outlet.close()


if __name__ == "__main__":
    worker_main("publisher", run)
