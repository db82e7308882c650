"""A parallel map over processes that keeps the order, and holds only a few items and results in memory."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, TypeVar

from s2s.errors import RunError
from s2s.limits import advice

Item = TypeVar("Item")
Result = TypeVar("Result")

_function: Callable[[Any], Any]
"""The function of this worker process."""


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`map(function, items)` in one process for each processor; a single item is computed in this process.

    Raises what the function raises, and RunError when a worker process was killed or cannot be started.
    """
    items = iter(items)
    first = list(islice(items, 2))
    if len(first) < 2:
        yield from map(function, first)
        return
    count = len(os.sched_getaffinity(0))
    # Forked, so that the function need not be pickled; no thread of this process holds a lock here.
    context = multiprocessing.get_context("fork")
    with _explain_start_errors():
        pool = ProcessPoolExecutor(count, context, _start_worker, (function,))
    with pool:
        pending: deque[Future[Result]] = deque()
        try:
            for item in chain(first, items):
                with _explain_start_errors():  # the first item starts them
                    pending.append(pool.submit(_call, item))
                if len(pending) > 2 * count:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool:
            if sys.version_info < (3, 11, 5):
                # Without this, Python waits forever for a thread that writes to the killed process (gh-94777).
                pool._call_queue._reader.close()  # type: ignore[attr-defined]
            raise RunError("a worker process was killed; is there enough memory?") from None
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _explain_start_errors() -> Iterator[None]:
    """Turn an OSError of the block, which may start workers, into a RunError."""
    try:
        yield
    except OSError as error:
        # The pool would wait for those that it has started, and they for items.
        for worker in multiprocessing.active_children():
            worker.kill()
        raise RunError(f"cannot start a worker process: {error.strerror}{advice(error.errno)}") from None


def _start_worker(function: Callable[[Any], Any]) -> None:
    global _function  # a process calls one function only
    _function = function
    # The main process handles Ctrl-C.  If it is killed, the workers end too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _call(item: Any) -> Any:
    return _function(item)
