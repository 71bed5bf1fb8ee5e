"""The files that a page is made of, and the command that serves them."""

import itertools
import re
from pathlib import Path

import plotly
import pytest

from dashboard import bundle as bundling
from dashboard import plotly_js
from dashboard.assets import PAGES
from dashboard.bundle import SOURCES, bundle
from dashboard.launch import SERVER, command
from dashboard.plotly_js import plotly_program
from pipeline.errors import BadInput


def test_plotly_comes_with_its_notice_and_with_what_lines_areas_and_markers_take_alone():
    original = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text()
    notice, _, program = plotly_program().partition("*/\n")
    assert "Copyright" in notice
    assert "MIT" in notice
    assert ".register([])" in program
    pieces = re.split(r"(?=var [\w$]+=W\()", program)
    places = [original.find(piece) for piece in pieces if ".register([])" not in piece]
    assert -1 not in places
    assert places == sorted(places)
    assert len(program) < len(original) / 4


def test_plotly_comes_with_every_module_that_one_of_it_calls_for():
    original = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text()
    program = plotly_program()
    made = re.compile(r"[ ,;}]([\w$]+)=(?:W|Ea)\(")
    there, left_out = set(made.findall(program)), set(made.findall(original)) - set(made.findall(program))
    assert len(there) > 300
    assert len(left_out) > 800
    assert left_out.isdisjoint(re.findall(r"([\w$]+)\(\)", program))


@pytest.mark.parametrize(
    "text",
    [
        None,
        "window.Plotly = {}",
        '/** */\n=> {\n"use strict";var Plotly=f();\nwindow.Plotly = Plotly;',
        '/** */\n=> {\n"use strict";var Plotly=f();var W=(e,t)=>()=>{};g.register([a()]);\nwindow.Plotly = Plotly;',
    ],
)
def test_a_plotly_of_another_form_is_said_in_one_sentence(tmp_path, monkeypatch, text):
    monkeypatch.setattr(plotly_js.plotly, "__file__", str(tmp_path / "__init__.py"))
    if text is not None:
        (tmp_path / "package_data").mkdir()
        (tmp_path / "package_data" / "plotly.min.js").write_text(text)
    with pytest.raises(BadInput, match=r"plotly\.min\.js: not .*; (re)?install") as refused:
        command("demo", 8600, tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("page", [*PAGES, "session_view"])
def test_a_page_holds_each_module_once_and_before_whoever_imports_it(page):
    text = bundle(page)
    modules = re.findall(r"^// (\w+)\.js$", text, re.MULTILINE)
    assert modules[-1] == page
    assert len(set(modules)) == len(modules)
    parts = dict(zip(modules, re.split(r"^// \w+\.js\n", text, flags=re.MULTILINE)[1:], strict=True))
    for place, (module, part) in enumerate(parts.items()):
        imported = re.findall(r'from "\./(\w+)\.js"', (SOURCES / f"{module}.js").read_text())
        assert set(imported) <= set(modules[:place])
        for names, other in re.findall(r"const \{ ([^}]*) \} = \$(\w+);", part):
            imported.remove(other)
            assert set(names.split(", ")) <= set(re.findall(r"return \{ (.*) \};\n\}\)", parts[other])[-1].split(", "))
        assert imported == []
    assert "import {" not in text


def test_modules_that_import_each_other_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bundling, "SOURCES", tmp_path)
    (tmp_path / "one.js").write_text('import { two } from "./two.js";\nexport const one = 1;\n')
    (tmp_path / "two.js").write_text('import { one } from "./one.js";\nexport const two = 2;\n')
    with pytest.raises(ValueError, match=r"one imports two imports one: a circle"):
        bundle("one")


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
