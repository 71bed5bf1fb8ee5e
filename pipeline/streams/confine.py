"""Keep our LSL streams on this machine.

What this confines, checked against liblsl 1.18's documentation of its configuration file and its open sockets:

- Discovery. With ``ResolveScope = machine`` our programs ask for streams on this machine only, and join no multicast
  group; with ``ListenAddress = 127.0.0.1`` our outlets hear only questions that come from this machine. Left at its
  default, the port of the questions (UDP 16571) is open on all interfaces and a broadcast is answered.
- Other LSL programs on this machine go on finding the streams.

What it does not confine: an outlet's data and service ports (TCP and UDP, from 16572 on) are still bound on all
interfaces, and LSL has no encryption. A machine that names this one in its ``KnownPeers`` can still find and read a
stream; only a firewall or an isolated network prevents that.
"""

import os
import sys
from pathlib import Path
from typing import Final

#: Where liblsl looks for the path of its configuration.
VARIABLE: Final = "LSLAPICFG"

#: liblsl probes every port of the range for streams of this machine, and an outlet beyond the range is not found: so
#: the range holds many more outlets than the default (32 ports, two per outlet, or one without IPv6). Answers come at
#: once here, so questions are repeated every 0.1 s instead of 0.5 s, and a question whose time runs out just as it is
#: repeated lingers for 0.5 s instead of 5 s.
CONFIGURATION: Final = """\
[multicast]
ResolveScope = machine
ListenAddress = 127.0.0.1
[ports]
IPv6 = disable
PortRange = 256
[tuning]
MulticastMinRTT = 0.1
MulticastMaxRTT = 0.5
UnicastMinRTT = 0.1
UnicastMaxRTT = 0.5
[log]
level = -1
"""


def confine(directory: Path) -> Path:
    """Confine LSL discovery of this process, and of those it starts, to this machine.

    A configuration that ``LSLAPICFG`` already names stays in force: it is the laboratory's own, or that of the process
    which started this one.

    Parameters
    ----------
    directory : Path
        Where ``lsl_api.cfg`` is written.

    Returns
    -------
    Path
        The configuration file in force.

    Raises
    ------
    RuntimeError
        pylsl is loaded already: liblsl reads its configuration once.
    """
    present = os.environ.get(VARIABLE)
    if present:
        return Path(present)
    if "pylsl" in sys.modules:
        raise RuntimeError("confine() comes too late: pylsl is loaded, and liblsl reads its configuration once")
    path = write_configuration(directory)
    os.environ[VARIABLE] = str(path)
    return path


def write_configuration(directory: Path) -> Path:
    """Write the configuration into a folder and return its path, for a process that is to be started with it."""
    path = directory.resolve() / "lsl_api.cfg"
    path.write_text(CONFIGURATION, encoding="utf-8")
    return path
