"""Work on many recordings at once, a process each."""

import multiprocessing
import multiprocessing.forkserver
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")

#: Read by numpy and torch when they are loaded.
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_all(
    function: Callable[[Argument], Result],
    arguments: Sequence[Argument],
    on_done: Callable[[], None],
    *,
    setup: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> list[Result]:
    """Call a function on every argument, in as many processes as there are cores.

    Parameters
    ----------
    function : callable
        Of a module, so that another process finds it.
    arguments : sequence
        One a call.
    on_done : callable
        Called as each result is taken up.
    setup : callable, optional
        Called once in each process, before the others.
    given : tuple
        What `setup` is called with: what all calls share, and which is sent only once.

    Returns
    -------
    list
        Results in the order of the arguments.
    """
    results = []
    n_processes = min(cores(), max(1, len(arguments)))
    with process_pool(n_processes, setup, given, module=function.__module__) as pool:
        for result in pool.map(function, arguments):
            results.append(result)
            on_done()
    return results


def process_pool(
    n_processes: int, setup: Callable[..., None] | None = None, given: tuple[Any, ...] = (), *, module: str = ""
) -> ProcessPoolExecutor:
    """Return a pool of processes, each of which starts, with `setup`, when there is work for it.

    They are forked from a process that computes nothing. It has loaded the first pool's `module`, since torch alone
    would take each of them seconds; the first work waits for that, so that a giver who may not wait names none. Each
    computes on one thread, since there is one a core, and threads would only wait.
    """
    # What macOS computes with does not bear to be forked once it is loaded.
    multiprocessing.set_forkserver_preload([module] if module and sys.platform == "linux" else [])
    with _one_thread_each():
        multiprocessing.forkserver.ensure_running()
    context = multiprocessing.get_context("forkserver")
    return ProcessPoolExecutor(n_processes, initializer=_begin, initargs=(setup, given), mp_context=context)


def _begin(setup: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    """See that this process ends with the one that started it, which may be killed: a pool would wait for ever."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    if setup is not None:
        setup(*given)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that are started inside compute on one thread."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
