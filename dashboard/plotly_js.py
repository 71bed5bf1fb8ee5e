"""Plotly's program for the browser: what it takes to draw lines, areas and markers, which are all that pages have."""

import re
from itertools import pairwise
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
#: What wraps each of its modules, to run when it is first called: those of CommonJS, and those of ECMAScript.
_COMMON: Final = re.compile(r"\b([\w$]+)=\(e,t\)=>\(\)=>\{")
_ECMA: Final = re.compile(r"\b([\w$]+)=\(e,t,r\)=>\(\)=>\{")
_CALLED: Final = re.compile(r"([\w$]+)\(\)")


def plotly_program() -> str:
    """Return JavaScript that makes ``Plotly``, which draws lines, areas and markers; from Plotly's wheel.

    Whoever opens a page for the first time waits until the browser has read this and run it: the other kinds of chart
    are three quarters of the code, and take several times as long to make as the rest.

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
    common, ecma = _COMMON.search(program), _ECMA.search(program)
    needed = _needed(program, common[1], ecma[1]) if common and ecma else ""
    if whole is None or kinds != 1 or not needed:
        raise BadInput(f"{found}: not of the form that helo-live knows; reinstall helo-live, with its own plotly")
    return whole["notice"] + needed


def _needed(program: str, common: str, ecma: str) -> str:
    """Return a program without the modules that nothing in it calls any more; nothing where it has none, or namesakes.

    The program is cut before each module of CommonJS. A piece stays, whole, where anything that stays calls a module
    in it by its name, whatever scope the name belongs to there: too much may stay, but no module that is called goes.
    """
    begins = [found.start() for found in re.finditer(rf"var [\w$]+={re.escape(common)}\(", program)]
    pieces = [program[begin:end] for begin, end in pairwise([*begins, len(program)])]
    made = re.compile(rf"[ ,;}}]([\w$]+)=(?:{re.escape(common)}|{re.escape(ecma)})\(")
    named = [(name, number) for number, piece in enumerate(pieces) for name in made.findall(piece)]
    place = dict(named)
    if not named or len(place) < len(named):
        return ""
    # What comes before the modules runs by itself, and so does the last piece, with the program's entry.
    before = program[: begins[0]]
    stays = {len(pieces) - 1}
    waiting = [before, pieces[-1]]
    while waiting:
        called = {place[name] for name in _CALLED.findall(waiting.pop()) if name in place} - stays
        stays |= called
        waiting += [pieces[number] for number in called]
    return before + "".join(pieces[number] for number in sorted(stays))
