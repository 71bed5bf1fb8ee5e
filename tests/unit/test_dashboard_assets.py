"""The files that the page is made from are put where Streamlit serves them."""

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import plotly
import pytest

from dashboard.assets import SOURCES, install, version
from dashboard.launch import APP, command
from pipeline.errors import BadInput


def test_install_copies_plotly_and_the_page_s_own_files(tmp_path):
    install(tmp_path)
    original = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    assert (tmp_path / "plotly.min.js").read_bytes() == original.read_bytes()
    assert not (tmp_path / "plotly.min.js").is_symlink()
    served = {path.name: path.read_bytes() for path in (tmp_path / version()).iterdir()}
    assert served == {path.name: path.read_bytes() for path in SOURCES.iterdir() if path.suffix in {".js", ".css"}}


def test_install_leaves_what_is_there_and_replaces_what_differs(tmp_path):
    install(tmp_path)
    kept = (tmp_path / version() / "live.js").stat().st_mtime_ns
    (tmp_path / "plotly.min.js").write_text("half a file")
    (tmp_path / "page-of-an-older-version").mkdir()
    install(tmp_path)
    changed = tmp_path.stat().st_mtime_ns
    install(tmp_path)
    assert tmp_path.stat().st_mtime_ns == changed  # nothing is written: another user may start what is installed
    assert (tmp_path / version() / "live.js").stat().st_mtime_ns == kept
    assert (tmp_path / "plotly.min.js").stat().st_size > 1_000_000
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["plotly.min.js", version()])


def test_launches_at_the_same_moment_do_not_disturb_one_another(tmp_path):
    older = tmp_path / "page-of-an-older-version"
    older.mkdir()
    for number in range(500):
        (older / f"{number}.js").touch()
    with ThreadPoolExecutor(8) as launches:
        list(launches.map(install, [tmp_path] * 8))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["plotly.min.js", version()])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="cannot be written"):
        install(tmp_path)


def test_every_import_of_the_page_names_a_file_that_is_served():
    names = {path.name for path in SOURCES.iterdir()}
    for module in SOURCES.glob("*.js"):
        imported = [line.split('"')[1] for line in module.read_text().splitlines() if line.startswith("import ")]
        assert all(name.removeprefix("./") in names for name in imported), module.name


def test_the_page_never_turns_text_into_markup():
    for source in [*SOURCES.glob("*.js"), *APP.parent.rglob("*.py")]:
        text = source.read_text()
        assert not any(way in text for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "unsafe_allow_html"))


def test_the_dashboard_is_bound_to_this_machine_and_counts_nobody():
    argv = command("demo", 8600, Path("recordings"))
    options = dict(itertools.pairwise(argv))
    assert options["--server.address"] == "localhost"
    assert options["--server.port"] == "8600"
    assert options["--browser.gatherUsageStats"] == "false"
    assert argv[argv.index("--") + 1 :] == ["--session=demo", f"--recordings={Path('recordings').resolve()}"]
