"""Structured logs: one line an event on stderr, with process, session and stream."""

import logging
import sys
from typing import Any


class _KeyValueFormatter(logging.Formatter):
    """Format an event as ``time level process=... event key=value``."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{key}={_quote(value)}" for key, value in getattr(record, "fields", {}).items())
        line = f"{self.formatTime(record)} {record.levelname.lower()} {record.name} {record.getMessage()}"
        if fields:
            line = f"{line} {fields}"
        if record.exc_info:
            line = f"{line} traceback={_quote(self.formatException(record.exc_info))}"
        return line


def _quote(value: Any) -> str:
    text = str(value)
    return repr(text) if any(char.isspace() for char in text) or not text else text


class Log(logging.LoggerAdapter[logging.Logger]):
    """A logger whose keyword arguments become ``key=value`` fields of the line."""

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        """Merge the logger's own fields with those of this event."""
        known = {"exc_info", "stack_info", "stacklevel", "extra"}
        fields = {**(self.extra or {}), **{key: kwargs.pop(key) for key in list(kwargs) if key not in known}}
        return msg, {**kwargs, "extra": {"fields": fields}}


def get_log(process: str, **fields: Any) -> Log:
    """Return the log of a process.

    Parameters
    ----------
    process : str
        Kind of the process, for example ``"reader"``.
    **fields
        Written with every line, for example ``session="demo"``.
    """
    return Log(logging.getLogger(process), fields)


def configure_logging(*, level: int = logging.INFO) -> None:
    """Send every log line to stderr, so that stdout stays free for ``--json``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_KeyValueFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
