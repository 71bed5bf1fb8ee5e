"""What leaves a process: the bytes that it sends on its sockets and writes to anything, as the kernel counts them."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PIDFD_GETFD = 438
#: Where the kernel's tcp_info has how many bytes the other side has acknowledged.
_BYTES_ACKED = 120


@dataclass(frozen=True)
class Socket:
    """One socket of another process."""

    family: int
    kind: int
    port: int
    """Its own; 0 for one that is of no network."""
    sent: int
    """Bytes that a TCP peer has acknowledged; 0 for others."""
    connected: bool


@contextmanager
def _borrowed(pid: int, fd: int) -> Iterator[socket.socket]:
    """Look at a socket of a child process from within."""
    process = os.pidfd_open(pid)
    libc = ctypes.CDLL(None, use_errno=True)
    copy = libc.syscall(_PIDFD_GETFD, process, fd, 0)
    os.close(process)
    if copy < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    with socket.socket(fileno=copy) as borrowed:
        yield borrowed


def sockets(pid: int) -> list[Socket]:
    """Return every socket that a child process has open."""
    found = []
    for fd, target in _open(pid):
        if not target.startswith("socket:"):
            continue
        with _borrowed(pid, fd) as borrowed:
            own = borrowed.getsockname()
            sent = 0
            if borrowed.type == socket.SOCK_STREAM and borrowed.family in (socket.AF_INET, socket.AF_INET6):
                info = borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
                (sent,) = struct.unpack_from("Q", info, _BYTES_ACKED)
            try:
                borrowed.getpeername()
                connected = True
            except OSError:
                connected = False
            port = own[1] if isinstance(own, tuple) else 0
            found.append(Socket(borrowed.family, borrowed.type, port, sent, connected))
    return found


def open_for_writing(pid: int) -> list[str]:
    """Return the files that a process may write to: not its pipes, sockets and the null device."""
    files = []
    for fd, target in _open(pid):
        if not target.startswith("/") or target == "/dev/null":
            continue
        flags = next(line for line in _proc(pid, f"fdinfo/{fd}").splitlines() if line.startswith("flags:"))
        if int(flags.split()[1], 8) & (os.O_WRONLY | os.O_RDWR):
            files.append(target)
    shared = [line for line in _proc(pid, "maps").splitlines() if line.split()[1].startswith("rw-s")]
    return files + shared


def written(pid: int) -> int:
    """Return how many bytes a process has written so far: to files, pipes and terminals, open now or not."""
    line = next(line for line in _proc(pid, "io").splitlines() if line.startswith("wchar:"))
    return int(line.split()[1])


def _open(pid: int) -> list[tuple[int, str]]:
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append((int(link.name), str(link.readlink())))
        except FileNotFoundError:  # it was closed meanwhile
            continue
    return found


def _proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()
