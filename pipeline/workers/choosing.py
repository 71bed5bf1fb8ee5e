"""Another model, or another device, while a session is set up."""

import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from model.header import fits, model_hash, model_path, read_header, stands_in
from pipeline.errors import BadInput
from pipeline.launch import ends_with_parent
from pipeline.session.config import SessionFile
from pipeline.session.folder import write_whole
from pipeline.session.models import SHIPPED
from pipeline.session.settings_file import dump_session
from pipeline.states import Chosen
from pipeline.store.board import Board
from pipeline.workers.supervisor import Supervisor

#: The processes that go by the session's model: each new one reads it in the run's settings.
_BY_MODEL: Final = ("infer", "recorder")
#: To load torch, and a model, may take this long on a slow machine (s).
_TRIAL_S: Final = 60.0


class Choosing:
    """Keeps which model a session is estimated by.

    It stands in the run's settings file, which every process reads when it starts. So whoever dies and is restarted
    takes the model that was chosen, and the recording, which has not begun, will name it. A model is tried in a process
    of its own before it is taken: one that cannot be used changes nothing.

    Parameters
    ----------
    board : Board
        The session's.
    settings : SessionFile
        The session as it begins.
    settings_file : Path
        Where the run's processes read it.
    folder : Path
        Where other models may lie.
    supervisor : Supervisor
        Of the processes.
    """

    def __init__(
        self, board: Board, settings: SessionFile, settings_file: Path, folder: Path, supervisor: Supervisor
    ) -> None:
        self._board = board
        self._settings = settings
        self._file = settings_file
        self._folder = folder.resolve()
        self._given = _whole(settings.model)
        self._supervisor = supervisor
        self._trial: subprocess.Popen[str] | None = None
        self._ended = threading.Event()
        self._tell(settings)

    def take(self, arguments: Mapping[str, str]) -> str:
        """Let another model estimate, or the same elsewhere; return what there is to say of it.

        Parameters
        ----------
        arguments : mapping
            ``model``, ``shipped`` or a file, and ``device``; what is not given stays.

        Raises
        ------
        BadInput
            It cannot be used for this session; the one that runs goes on.
        """
        if self._supervisor.gave_up(_BY_MODEL):
            raise BadInput("a process was given up; see the log, and begin the session anew")
        model = _whole(arguments.get("model") or self._settings.model)
        path = model_path(model)
        header = read_header(path)
        why_not = fits(header, self._settings) or stands_in(header, read_header(model_path(self._settings.model)))
        if why_not is not None:
            begin = "" if why_not.startswith("model: ") else "; name it in the session file, and begin the session anew"
            raise BadInput(f"{path.name}: {why_not.removeprefix('model: ')}{begin}")
        device = self._try(path, arguments.get("device") or self._settings.device)
        settings = self._settings.model_copy(update={"model": model, "device": device})
        write_whole(self._file, dump_session(settings))
        self._settings = settings
        self._tell(settings)
        self._supervisor.renew(_BY_MODEL)
        return f"The model is now {path.stem if model == SHIPPED else path.name} on {device}."

    def end(self) -> None:
        """Try nothing any more."""
        self._ended.set()
        if self._trial is not None:
            self._trial.kill()

    def _try(self, path: Path, device: str) -> str:
        """Return the device on which a model runs when it is asked to run on one."""
        argv = [sys.executable, "-P", "-m", "model.trial", str(path), device]
        with subprocess.Popen(
            ends_with_parent(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as self._trial:
            if self._ended.is_set():
                self._trial.kill()
            try:
                said, fault = self._trial.communicate(timeout=_TRIAL_S)
            except subprocess.TimeoutExpired as error:
                self._trial.kill()
                raise BadInput(f"{path.name}: did not load within {_TRIAL_S:g} s; try again") from error
        if self._trial.returncode != 0:
            raise BadInput(fault.strip().rpartition("\n")[2] or f"{path.name}: the trial was ended; try again")
        return said

    def _tell(self, settings: SessionFile) -> None:
        model = _whole(settings.model)
        digest = model_hash(model_path(settings.model))
        self._board.put_chosen(Chosen(model, settings.device, digest, self._given, str(self._folder)))


def _whole(model: str) -> str:
    """Return a model as every process finds it, wherever it works."""
    return model if model == SHIPPED else str(Path(model).resolve())
