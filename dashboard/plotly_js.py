"""Plotly's program for the browser, without the kinds of chart that no page has."""

import re
from pathlib import Path
from typing import Final

import plotly

from pipeline.errors import BadInput

#: The notice of its licence, then what scripts of other makes than ours ask for, then the program itself.
_WHOLE: Final = re.compile(
    r'^(?P<notice>/\*\*.*?\*/\n).*?=> \{\n(?P<program>"use strict";var Plotly=.*)\nwindow\.Plotly = Plotly;', re.DOTALL
)
#: The program's last step makes every kind of chart but those of lines, areas and markers, with which it is complete.
_KINDS: Final = re.compile(r"\.register\(\[(?:[\w$]+\(\),?)+\]\)")


def plotly_program() -> str:
    """Return JavaScript that makes ``Plotly``, which draws lines, areas and markers; from Plotly's wheel.

    To make the other kinds takes a browser several times as long as the rest, and was most of what somebody who opened
    a page for the first time waited for.

    Raises
    ------
    BadInput
        The wheel lacks the file, or it is of another form.
    """
    found = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    if not found.is_file():
        raise BadInput(f"{found}: not found; reinstall plotly (`pip install --force-reinstall plotly`)")
    whole = _WHOLE.match(found.read_text(encoding="utf-8"))
    program, kinds = _KINDS.subn(".register([])", whole["program"]) if whole else ("", 0)
    if whole is None or kinds != 1:
        raise BadInput(f"{found}: not of the form that helo-live knows; reinstall helo-live, with its own plotly")
    return whole["notice"] + program
