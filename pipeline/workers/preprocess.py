"""The preprocess worker: the raw chunks of a session's participants become feature windows on their tick grids."""

import dataclasses
from collections.abc import Mapping
from itertools import groupby
from typing import Final

from model.header import model_path, read_header
from pipeline.records import Chunk
from pipeline.store.connection import StoreLost
from pipeline.store.lease import Lease
from pipeline.store.ring import COUNT, BlockingReader, Entry
from pipeline.streams.clock import local_clock
from pipeline.workers.context import RENEW_EVERY_S, Every, WorkerContext, leased, worker_main
from pipeline.workers.owned import OwnedParticipant
from pipeline.workers.recording import Known

#: How often a snapshot is saved, even if nothing asks for one (s).
SAVE_EVERY_S: Final = 2.0
#: Longest wait for chunks (s).
_WAIT_S: Final = 0.25
#: A server that answers so much later than it should was away (s).
_SLOW_S: Final = 0.2
#: Of a backlog so many chunks of a stream are processed between two signs of life: whoever catches up does not hang.
_AT_ONCE: Final = 64


class Preprocess:
    """Read the participants' raw chunks, and settle what comes of them.

    It sleeps in the server until a chunk is there that may complete a window: all that came before is then processed
    at once, which costs a fraction of one chunk at a time.

    Parameters
    ----------
    context : WorkerContext
        For all participants.
    leases : mapping of str to Lease
        Participant -> what makes this the one worker that writes their windows.
    """

    def __init__(self, context: WorkerContext, leases: Mapping[str, Lease]) -> None:
        self._context = context
        header = read_header(model_path(context.settings.model))
        self._leases = leases
        self._owned: list[OwnedParticipant] = []
        self._owner_of: dict[str, OwnedParticipant] = {}
        self._save_due: dict[OwnedParticipant, Every] = {}
        self._renew_due = Every(RENEW_EVERY_S)
        known = Known(context.board)
        for place, (participant, lease) in enumerate(leases.items()):
            one = OwnedParticipant(dataclasses.replace(context, participant=participant), lease, header, known)
            self._owned.append(one)
            self._owner_of |= dict.fromkeys(one.read, one)
            # One after the other, so that the snapshots of many do not keep the windows of all waiting.
            self._save_due[one] = Every(SAVE_EVERY_S, first=local_clock() + place / len(leases) * SAVE_EVERY_S)
            self._renew()
            context.pulse.beat()
        follow = {key: last_id for one in self._owned for key, last_id in one.read.items()}
        self._reader = BlockingReader(context.connection, follow, Chunk)

    def step(self) -> None:
        """Wait until there is something to be done, and do it."""
        self._live()
        last_ids = self._reader.last_ids
        above = {key: entry_id for one in self._owned for key, entry_id in one.above(last_ids).items()}
        found = self._read(self._patience(), above)
        for one in dict.fromkeys(self._owner_of[entry.key] for entry in found):
            self._take(one, [entry for entry in found if self._owner_of[entry.key] is one])
            self._settle(one, local_clock(), decide=False, save=False)
        for one in self._owned:
            now = local_clock()
            save = self._save_due[one].due(now)
            if save or one.decides_at < now:
                self._settle(one, now, decide=self._up_to_date(one), save=save)

    def close(self) -> None:
        """Hand over what waits."""
        for one in self._owned:
            one.close()
        self._reader.close()

    def _live(self) -> None:
        """Give a sign of life, and hold on to what is ours."""
        begun = local_clock()
        self._context.pulse.beat()
        self._renew()
        self._note_away(begun)

    def _renew(self) -> None:
        if self._renew_due.due(local_clock()):
            for lease in self._leases.values():
                lease.renew()

    def _patience(self) -> float:
        """Return how long to wait for chunks (s): until the clock will have something to decide."""
        now = local_clock()
        decisions = [one.decides_at - now for one in self._owned]
        return min([_WAIT_S, *(left for left in decisions if left > 0)])

    def _read(self, wait_s: float, above: Mapping[str, str]) -> list[Entry[Chunk]]:
        begun, losses = local_clock(), self._reader.losses
        entries = self._reader.read(wait_s, above=above)
        self._note_away(begun, lost=self._reader.losses > losses, wait_s=wait_s)
        return entries

    def _settle(self, one: OwnedParticipant, now: float, *, decide: bool, save: bool) -> None:
        """Let a participant store what was made: the store may be away then, too, and hold us up."""
        begun = local_clock()
        one.settle(now, decide=decide, save=save)
        self._note_away(begun)

    def _note_away(self, begun: float, *, lost: bool = False, wait_s: float = 0.0) -> None:
        """Note that the store was away, if it took longer since `begun` than it may take."""
        answered, due = local_clock(), begun + wait_s
        if lost or answered - due > _SLOW_S:
            for one in self._owned:
                one.lateness.away(begun if lost else due, answered, lost=lost)

    def _up_to_date(self, one: OwnedParticipant) -> bool:
        """Read and process all that is stored of a participant; return whether that was possible.

        A tick is late only once everything has been read that was stored before its time ran out: a backlog, after a
        restart say, makes nothing late. Nor does a store that was away.
        """
        last_ids = self._reader.last_ids
        entries = self._read(0, {key: last_ids[key] for key in one.read})
        return self._take(one, entries) and len(entries) < COUNT and not self._reader.lost

    def _take(self, one: OwnedParticipant, entries: list[Entry[Chunk]]) -> bool:
        """Process chunks of a participant; if it cannot be known yet of what stream they are, read them again later."""
        begun = local_clock()
        try:
            for key, new in groupby(entries, key=lambda entry: entry.key):
                chunks = [entry.record for entry in new]
                for first in range(0, len(chunks), _AT_ONCE):
                    if first:
                        self._live()
                    one.take(key, chunks[first : first + _AT_ONCE])
        except StoreLost:
            for key, last_id in one.read.items():
                self._reader.follow(key, last_id)
            self._context.stop.wait(_WAIT_S)
            one.lateness.away(begun, local_clock(), lost=True)
            return False
        return True


def run(context: WorkerContext) -> None:
    """Process until asked to stop."""
    leases = {name: leased(context, "preprocess", name) for name in context.settings.participants}
    held = {name: lease for name, lease in leases.items() if lease is not None}
    if len(held) < len(leases):
        return
    worker = Preprocess(context, held)
    while not context.stop.is_set():
        worker.step()
    worker.close()


if __name__ == "__main__":
    worker_main("preprocess", run)
