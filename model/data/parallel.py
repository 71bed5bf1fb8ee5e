"""Work on many recordings at once, a process each."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def run_all(
    function: Callable[[Argument], Result], arguments: Sequence[Argument], on_done: Callable[[], None]
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

    Returns
    -------
    list
        Results in the order of the arguments.
    """
    results = []
    with process_pool() as pool:
        for result in pool.map(function, arguments):
            results.append(result)
            on_done()
    return results


def process_pool() -> ProcessPoolExecutor:
    """Return a pool of as many processes as there are cores; each starts when there is work for it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn"))
