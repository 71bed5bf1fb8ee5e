"""The alarms worker: judges the session file's rules; an alarm is an event, an LSL marker and a line on the page."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from pipeline.records import Estimate, Event
from pipeline.states import Alarm, Alarms, ModelInfo
from pipeline.store import ids, keys
from pipeline.store.connection import StoreLost
from pipeline.store.ring import BlockingReader, last
from pipeline.streams.clock import local_clock
from pipeline.streams.outlet import Outlet
from pipeline.workers.context import Every, WorkerContext, worker_main
from pipeline.workers.judging import Change, Condition, advance, of_estimate, of_stream
from pipeline.workers.markers import marker_stream

#: How often the health of the streams is looked at (s).
LOOK_EVERY_S: Final = 0.5


class AlarmWorker:
    """Judge what comes from now on; an alarm that sounded before a restart does not begin again."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._rules = context.settings.alarms
        self._model: ModelInfo | None = None
        before = context.board.alarms()
        self._held: dict[str, Alarm] = {} if before is None else {alarm.key: alarm for alarm in before.sounding}
        self._paused = False
        self._look_due = Every(LOOK_EVERY_S)
        self._participant_of: dict[str, str] = {}
        follow = {}
        for participant in context.settings.participants:
            key = keys.estimates(context.session, participant)
            newest = last(context.connection, key, Estimate)
            self._participant_of[key] = participant
            follow[key] = newest.id if newest else ids.START
        self._reader = BlockingReader(context.connection, follow, Estimate)

    def run(self) -> None:
        """Judge until asked to stop."""
        with Outlet(marker_stream(self._context.session, "alarm")) as outlet:
            while not self._context.stop.is_set():
                self._context.pulse.beat()
                changes = self._look() if self._look_due.due(local_clock()) else []
                for entry in self._reader.read(0.25):
                    changes += self._judge_estimate(self._participant_of[entry.key], entry.record)
                if changes:
                    self._tell(outlet, changes)
        self._reader.close()

    def _judge_estimate(self, participant: str, estimate: Estimate) -> list[Change]:
        if self._model is None:
            with contextlib.suppress(StoreLost):  # it is asked again with the next estimate
                self._model = self._context.board.model()
        if self._model is None:  # the store came back empty; the infer worker writes it again
            return []
        emotions = self._model.emotions
        conditions: Iterable[Condition] = of_estimate(self._rules, participant, estimate, emotions)
        if self._paused:  # on purpose: nothing is amiss with the estimates
            conditions = (replace(condition, holds=False) for condition in conditions)
        return self._advance(conditions, estimate.time)

    def _look(self) -> list[Change]:
        board, changes = self._context.board, []
        try:
            recording, streams = board.recording(), board.stream_health()
        except StoreLost:
            return []  # nothing is known of the streams; alarms that sound, and since when others would, are kept
        self._paused = recording is not None and recording.state == "paused"
        for health in streams:
            changes += self._advance(of_stream(self._rules, health), health.time)
        return changes

    def _advance(self, conditions: Iterable[Condition], now: float) -> list[Change]:
        self._held, changes = advance(self._held, conditions, now)
        return changes

    def _tell(self, outlet: Outlet, changes: list[Change]) -> None:
        board = self._context.board
        board.put_alarms(Alarms(tuple(alarm for alarm in self._held.values() if alarm.sounds)))
        for change in changes:
            who = change.alarm.participant
            board.append_event(Event(change.time, change.kind, change.text, f"{who}/alarms"))
            outlet.push([[f"{change.kind} {who}: {change.text}"]], np.array([change.time]))
            self._context.log.warning(change.kind, participant=who, text=change.text)


def run(context: WorkerContext) -> None:
    """Judge until asked to stop."""
    AlarmWorker(context).run()


if __name__ == "__main__":
    worker_main("alarms", run)
