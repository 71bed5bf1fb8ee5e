"""LSL is confined to this machine, as far as liblsl can confine it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest


def run(program: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, without the tests' LSL configuration."""
    inherited = {key: value for key, value in os.environ.items() if key != "LSLAPICFG"}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(folder)],
        env={**inherited, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


OPEN_AN_OUTLET = """
    import sys
    from pathlib import Path
    from pipeline.streams.confine import confine
    confine(Path(sys.argv[1]))
    import psutil
    from pipeline.simulation.participant import stream_infos
    from pipeline.streams.outlet import Outlet
    outlet = Outlet(stream_infos(0, prefix="confined")["GSR"])
    for socket in psutil.Process().net_connections(kind="udp"):
        if socket.laddr.port == 16571:
            print(socket.laddr.ip)
"""


def test_questions_from_other_machines_are_not_heard(tmp_path):
    result = run(OPEN_AN_OUTLET, tmp_path)
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.split()) == {"127.0.0.1"}
    assert result.stderr == ""


def test_a_configuration_of_the_laboratory_stays_in_force(tmp_path):
    own = tmp_path / "own.cfg"
    own.write_text("[log]\nlevel = -2\n", encoding="utf-8")
    program = """
        import sys
        from pathlib import Path
        from pipeline.streams.confine import confine
        print(confine(Path(sys.argv[1])))
    """
    assert run(program, tmp_path, LSLAPICFG=str(own)).stdout.strip() == str(own)
    assert not (tmp_path / "lsl_api.cfg").exists()


def test_confining_too_late_is_refused(tmp_path):
    program = """
        import sys
        from pathlib import Path
        import pipeline.streams.clock
        from pipeline.streams.confine import confine
        confine(Path(sys.argv[1]))
    """
    assert "comes too late" in run(program, tmp_path).stderr


@pytest.mark.parametrize("level", ["", "[log]\nlevel = 0\n"])
def test_liblsl_is_quiet_unless_the_laboratory_wants_its_log(tmp_path, level):
    program = "from pipeline.streams.discovery import resolve; resolve(0.1)"
    environment = {"HOME": str(tmp_path)}
    if level:
        (tmp_path / "lab.cfg").write_text(level, encoding="utf-8")
        environment["LSLAPICFG"] = str(tmp_path / "lab.cfg")
    result = run(program, tmp_path, **environment)
    assert result.returncode == 0
    assert bool(result.stderr) == bool(level)
