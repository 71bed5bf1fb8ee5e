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

ORIGINAL = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
MADE = re.compile(r"([\w$]+)=(?:W|Ea)\(")


def test_plotly_comes_with_its_notice_and_in_the_order_of_its_wheel():
    original = ORIGINAL.read_text(encoding="utf-8")
    notice, _, program = plotly_program().partition("*/\n")
    assert "Copyright" in notice
    assert "MIT" in notice
    before, after = program.split(".register([])")
    pieces = [*re.split(r"(?=var [\w$]+=W\()", before), after]
    places = [original.find(piece) for piece in pieces]
    assert -1 not in places
    assert places == sorted(places)


def test_plotly_comes_with_every_module_that_one_of_it_calls_and_with_no_other():
    original, program = ORIGINAL.read_text(encoding="utf-8"), plotly_program()
    named = MADE.findall(original)
    assert len(named) == len(set(named)) == original.count("=W(") + original.count("=Ea(")
    there = set(MADE.findall(program))
    called = set(re.findall(r"([\w$]+)\(\)", program))
    assert (set(named) - there).isdisjoint(called)
    assert len(there - called) < 10  # those whose piece holds one that is called, and the entry
    assert len(program) < len(original) / 4


PLOTLY = """/** (c) */
=> {
"use strict";var Plotly=(()=>{var W=(e,t)=>()=>{};var Ea=(e,t,r)=>()=>{};MODULESreturn h()})();
window.Plotly = Plotly;"""
ENTRY = "var h=W(()=>{b();x.register([a()])});"


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """Return where Plotly's file is looked for."""
    monkeypatch.setattr(plotly_js.plotly, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "package_data").mkdir()
    return tmp_path / "package_data" / "plotly.min.js"


def test_what_nothing_calls_goes_and_what_stands_with_something_called_stays(wheel):
    pieces = [
        "var a=W(()=>{});",
        "var b=W(()=>{c()});",
        "var c=W(()=>{});function f(){}var d=Ea(()=>{});",
        "var g=W(()=>{d()});",
    ]
    wheel.write_text(PLOTLY.replace("MODULES", "".join(pieces) + ENTRY))
    program = plotly_program()
    assert [piece in program for piece in pieces] == [False, True, True, False]
    assert program.endswith("var h=W(()=>{b();x.register([])});return h()})();")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "window.Plotly = {}",
        PLOTLY.replace("MODULES", ""),
        PLOTLY.replace("MODULES", "x.register([a()]);"),
        PLOTLY.replace("MODULES", ENTRY).replace("Ea=(e,t,r)", "Ea=(e,t,r,s)"),
        PLOTLY.replace("MODULES", ENTRY + ENTRY),
        PLOTLY.replace("MODULES", "var a=W(()=>{});var b=W(()=>{var a=W(1)});" + ENTRY),
    ],
)
def test_a_plotly_of_another_form_is_said_in_one_sentence(wheel, tmp_path, text):
    if text is not None:
        wheel.write_text(text)
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
    assert not re.search(r"^import\b", text, re.MULTILINE)
    assert set(re.findall(r"\bimport\(.*?\)", text)) <= {'import("./plotly.min.js")'}


def test_every_module_that_a_screen_shows_is_served():
    screens = "".join(path.read_text(encoding="utf-8") for path in (SERVER.parent / "screens").glob("*.py"))
    assert set(re.findall(r'\b(?:show|follow)\(\s*"(\w+)"', screens)) == set(PAGES)


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
