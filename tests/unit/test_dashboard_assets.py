"""The files that a page is made of, and the command that serves them."""

import itertools
import re
from pathlib import Path

import plotly
import pytest

from dashboard import plotly_js
from dashboard.assets import SOURCES
from dashboard.launch import SERVER, command
from dashboard.plotly_js import plotly_program
from pipeline.errors import BadInput


def test_plotly_comes_with_its_notice_and_without_the_kinds_of_chart_that_no_page_has():
    original = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text()
    notice, _, program = plotly_program().partition("*/\n")
    assert "Copyright" in notice
    assert "MIT" in notice
    before, after = program.split(".register([])")
    assert re.search(re.escape(before[-200:]) + r"\.register\(\[[\w$(),]+\]\)" + re.escape(after[:200]), original)
    assert before in original
    assert after in original


@pytest.mark.parametrize(
    "text", [None, "window.Plotly = {}", '/** */\n=> {\n"use strict";var Plotly=f();\nwindow.Plotly = Plotly;']
)
def test_a_plotly_of_another_form_is_said_in_one_sentence(tmp_path, monkeypatch, text):
    monkeypatch.setattr(plotly_js.plotly, "__file__", str(tmp_path / "__init__.py"))
    if text is not None:
        (tmp_path / "package_data").mkdir()
        (tmp_path / "package_data" / "plotly.min.js").write_text(text)
    with pytest.raises(BadInput, match=r"plotly\.min\.js: not .*; (re)?install") as refused:
        command("demo", 8600, tmp_path)
    assert "\n" not in str(refused.value)


def test_every_import_of_the_page_names_a_file_that_is_served():
    served = {path.name for path in SOURCES.iterdir()} | {"plotly.min.js"}
    for module in SOURCES.glob("*.js"):
        assert set(re.findall(r'(?:from |import\()"\./([^"]+)"', module.read_text())) <= served, module.name


def test_the_page_never_turns_text_into_markup():
    for source in [*SOURCES.glob("*.js"), *SERVER.parent.rglob("*.py")]:
        text = source.read_text()
        assert not any(way in text for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "unsafe_allow_html"))


def test_the_dashboard_is_bound_to_this_machine_and_counts_nobody():
    argv = command("demo", 8600, Path("recordings"))
    options = dict(itertools.pairwise(argv))
    assert options["--server.address"] == "localhost"
    assert options["--server.port"] == "8600"
    assert options["--browser.gatherUsageStats"] == "false"
    assert argv[argv.index("--") + 1 :] == ["--session=demo", f"--recordings={Path('recordings').resolve()}"]
