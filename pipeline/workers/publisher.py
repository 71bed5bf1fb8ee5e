"""The publisher: estimates go back to LSL, one stream a participant, with the emotions as channel labels."""

import numpy as np

from pipeline.records import Estimate, StreamInfo
from pipeline.states import Published
from pipeline.store import ids, keys
from pipeline.store.ring import BlockingReader, last
from pipeline.streams.outlet import RETURN_S, Outlet
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


class Publisher:
    """Send each estimate once.

    A publisher that was restarted sends what its predecessor did not, once those who were reading are back; one that
    is the first sends nothing from before its start.
    """

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._outlets: dict[str, Outlet] = {}
        self._awaited: set[str] = set()
        """Participants whose estimates were being read."""
        self._participant_of: dict[str, str] = {}
        follow: dict[str, str] = {}
        for participant in context.settings.participants:
            key = keys.estimates(context.session, participant)
            self._participant_of[key] = participant
            before = context.board.published(participant)
            newest = last(context.connection, key, Estimate)
            if before is not None:
                follow[key] = ids.tick_id(before.tick)
                if before.read:
                    self._awaited.add(participant)
            else:
                follow[key] = newest.id if newest else ids.START
        self._reader = BlockingReader(context.connection, follow, Estimate)

    def run(self) -> None:
        """Publish until asked to stop."""
        while not self._context.stop.is_set():
            self._context.pulse.beat()
            if not self._open():
                self._context.stop.wait(0.25)
                continue
            for entry in self._reader.read(0.25):
                self._publish(self._participant_of[entry.key], entry.record)
        for outlet in self._outlets.values():
            outlet.close()
        self._reader.close()

    def _open(self) -> bool:
        """Open the outlets once the model is known: before the first estimate, for whoever wants to record them."""
        model = None if self._outlets else self._context.board.model()
        if model is not None:
            context = self._context
            self._outlets = {
                participant: Outlet(
                    estimate_stream(
                        context.session,
                        participant,
                        model.emotions,
                        context.settings.hop_s,
                        demonstration=model.demonstration,
                    )
                )
                for participant in self._participant_of.values()
            }
        return bool(self._outlets)

    def _publish(self, participant: str, estimate: Estimate) -> None:
        outlet = self._outlets[participant]
        if participant in self._awaited:
            self._awaited.remove(participant)
            outlet.wait_for_consumers(RETURN_S)
        sample = [*estimate.distribution.tolist(), float(estimate.abstained)]
        outlet.push(np.array([sample], np.float32), np.array([estimate.time]))
        self._context.board.put_published(participant, Published(estimate.tick, outlet.has_consumers))


def run(context: WorkerContext) -> None:
    """Publish until asked to stop."""
    Publisher(context).run()


if __name__ == "__main__":
    worker_main("publisher", run)
