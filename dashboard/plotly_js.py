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
#: What wraps each of its modules, to run when it is first called for: those of the older form, and those of the newer.
_WRAPS: Final = (re.compile(r"\b([\w$]+)=\(e,t\)=>\(\)=>\{"), re.compile(r"\b([\w$]+)=\(e,t,r\)=>\(\)=>\{"))
_CALLED: Final = re.compile(r"([\w$]+)\(\)")


def plotly_program() -> str:
    """Return JavaScript that makes ``Plotly``, which draws lines, areas and markers; from Plotly's wheel.

    To make the other kinds takes a browser several times as long as the rest, and to read their code, three quarters
    of all, was a good part of what somebody who opened a page for the first time waited for.

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
    wraps = [found[1] for found in (wrap.search(program) for wrap in _WRAPS) if found]
    if whole is None or kinds != 1 or len(wraps) != len(_WRAPS):
        raise BadInput(f"{found}: not of the form that helo-live knows; reinstall helo-live, with its own plotly")
    return whole["notice"] + _called_for(program, *wraps)


def _called_for(program: str, older: str, newer: str) -> str:
    """Return a program without the modules that nothing in it calls for any more.

    It is cut before each module of the older form. A piece stays whole where something that stays calls any module
    in it by its name, of whatever scope that name is: so too much may stay, but nothing that is needed goes.
    """
    begins = [found.start() for found in re.finditer(rf"var [\w$]+={re.escape(older)}\(", program)]
    pieces = [program[begin:end] for begin, end in pairwise([*begins, len(program)])]
    made = re.compile(rf"[ ,;}}]([\w$]+)=(?:{re.escape(older)}|{re.escape(newer)})\(")
    place = {name: number for number, piece in enumerate(pieces) for name in made.findall(piece)}
    # What comes before the modules and the last one, which is the program's entry, run by themselves.
    stays = {len(pieces) - 1}
    waiting = [program[: begins[0]], pieces[-1]]
    while waiting:
        called = {place[name] for name in _CALLED.findall(waiting.pop()) if name in place} - stays
        stays |= called
        waiting += [pieces[number] for number in called]
    return program[: begins[0]] + "".join(pieces[number] for number in sorted(stays))
