"""Which processes a session needs, and in which order they stop."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.session.config import SessionFile
from pipeline.store.connection import STORE_VARIABLE
from pipeline.streams.confine import VARIABLE, write_configuration
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
    control_page: str = ""
    """Address of the page that controls the session, with the key that lets it; empty without a dashboard."""


def processes(plan: Plan) -> Iterator[ProcessSpec]:
    """Yield what has to run, the way a sample goes."""
    if plan.settings.readers == "shared":
        yield _worker(plan, "reader", phase=0)
    else:
        for code, participant in plan.settings.participants.items():
            for stream in participant.streams:
                yield _worker(plan, "reader", phase=0, participant=code, stream=stream)
    yield _worker(plan, "preprocess", phase=1)
    yield _worker(plan, "infer", phase=2)
    if plan.session_dir is not None:
        yield _worker(plan, "recorder", phase=3, patience_s=_RECORDER_PATIENCE_S)
    for kind in (["publisher"] if plan.publish else []) + (["alarms"] if plan.settings.alarms else []) + ["notes"]:
        # The laboratory's own configuration decides who may find what we send; without one, only this machine.
        confined = os.environ.get(VARIABLE) or str(write_configuration(plan.settings_file.parent))
        yield _worker(plan, kind, phase=3, env={VARIABLE: confined})
    if plan.dashboard is not None:
        yield plan.dashboard


def _worker(
    plan: Plan,
    kind: str,
    *,
    phase: int,
    participant: str = "",
    stream: str = "",
    env: Mapping[str, str] | None = None,
    patience_s: float = 0.0,
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
    env = {STORE_VARIABLE: plan.store, **(env or {})}
    return ProcessSpec(kind, what, argv, phase, env=env, patience_s=patience_s, beats=True)
