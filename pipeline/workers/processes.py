"""Which processes a session needs, and in which order they stop."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.session.config import SessionFile
from pipeline.store.connection import STORE_VARIABLE
from pipeline.workers.child import ProcessSpec
from pipeline.workers.context import arguments

#: On a slow machine the recorder may need this long to close its files (s); to end it earlier would cost their ends.
_RECORDER_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Plan:
    """One run: its session, where its store is, and what was asked for."""

    settings: SessionFile
    settings_file: Path
    """The session as run, which every worker reads."""
    store: str
    session_dir: Path | None
    """None: nothing is recorded."""
    publish: bool
    dashboard: ProcessSpec | None


def processes(plan: Plan) -> Iterator[ProcessSpec]:
    """Yield what has to run, the way a sample goes."""
    for code, participant in plan.settings.participants.items():
        shared = plan.settings.readers == "shared"
        for stream in [""] if shared else participant.streams:
            yield _worker(plan, "reader", phase=0, participant=code, stream=stream)
    for code in plan.settings.participants:
        yield _worker(plan, "preprocess", phase=1, participant=code)
    yield _worker(plan, "infer", phase=2)
    if plan.session_dir is not None:
        yield _worker(plan, "recorder", phase=3, patience_s=_RECORDER_PATIENCE_S)
    if plan.publish:
        yield _worker(plan, "publisher", phase=3)
    if plan.dashboard is not None:
        yield plan.dashboard


def _worker(
    plan: Plan, kind: str, *, phase: int, participant: str = "", stream: str = "", patience_s: float = 0.0
) -> ProcessSpec:
    options = arguments(
        session=plan.settings.session,
        settings=plan.settings_file,
        participant=participant,
        stream=stream,
        session_dir=plan.session_dir,
    )
    what = "/".join(part for part in (participant, stream) if part)
    # -P: nothing in the folder where somebody happens to work stands in for a module of ours.
    argv = [sys.executable, "-P", "-m", f"pipeline.workers.{kind}", *options]
    return ProcessSpec(kind, what, argv, phase, env={STORE_VARIABLE: plan.store}, patience_s=patience_s, beats=True)
