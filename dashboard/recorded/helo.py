"""Commands of helo that a page starts: in a process of their own, which loads what a page need not carry."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from dashboard.launch import OPERATOR_VARIABLE
from pipeline.launch import ends_with_parent
from pipeline.session.folder import RATINGS
from pipeline.session.outline import Outline

_HELO: Final = (sys.executable, "-P", "-m", "pipeline.cli.main")


def helo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, behind everything that has to be in time: a session may be running."""
    nice = shutil.which("nice")
    polite = [nice, "-n", "10"] if nice else []
    command = ends_with_parent([*polite, *_HELO, *arguments])
    environment = {name: value for name, value in os.environ.items() if name != OPERATOR_VARIABLE}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment
    )


def export(path: Path, kind: str, target: Path) -> tuple[bool, str]:
    """Export a session; return whether that was done, and what there is to say.

    Parameters
    ----------
    path : Path
        The session's folder.
    kind : {"parquet", "csv", "bids"}
        What to write.
    target : Path
        The folder to write.
    """
    done = helo("export", str(path), "--to", kind, "-o", str(target))
    said = done.stdout if done.returncode == 0 else done.stderr
    return done.returncode == 0, said.strip()


def personalize(outline: Outline, participant: str, out: Path) -> tuple[bool, str]:
    """Make a participant's own model from what was rated in a session; return whether it helps, and what to say.

    Parameters
    ----------
    outline : Outline
        The session, with ratings.
    participant : str
        Whose model.
    out : Path
        The file to write.
    """
    given = {
        "--ratings": str(outline.path / RATINGS),
        "--participant": participant,
        "--model": outline.settings.model,
        "--out": str(out),
    }
    done = helo("personalize", str(outline.path), *(word for pair in given.items() for word in pair), "--json")
    if done.returncode not in {0, 1} or not done.stdout:
        return False, done.stderr.strip()
    return _found(msgspec.json.decode(done.stdout), out)


def _found(found: dict[str, Any], out: Path) -> tuple[bool, str]:
    """Return what ``helo personalize --json`` says, in words."""
    who = found["participant"]
    shown = (
        f"KL on {len(found['trials'])} trials, each held out while the others personalize: {found['held_out_kl']:.3f}; "
        f"of the general model: {found['general_kl']:.3f}"
    )
    if not found["personalized"]:
        return False, f"It does not help {who}: nothing was written, the general model stays. {shown}."
    return True, (
        f"{out.name} is the model of {who}. {shown}. "
        f"Choose it on the control page while a session is set up, or name it in a session file:\nmodel: {out}"
    )


def may_personalize(outline: Outline) -> str:
    """Return why no model can be made of a session; empty where one can."""
    if outline.running:
        return "The session is still running."
    if not (outline.path / RATINGS).is_file():
        return f"The session has no {RATINGS}: nothing was rated."
    return ""
