"""Work on many recordings at once, a process each."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")


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
    with process_pool(min(cores(), max(1, len(arguments))), setup, given) as pool:
        for result in pool.map(function, arguments):
            results.append(result)
            on_done()
    return results


def process_pool(
    n_processes: int, setup: Callable[..., None] | None = None, given: tuple[Any, ...] = ()
) -> ProcessPoolExecutor:
    """Return a pool of processes, each of which starts, with `setup`, when there is work for it."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(n_processes, initializer=setup, initargs=given, mp_context=spawn)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
