"""Work shared out to processes, results in the order of the work, no more of either in memory than is being done."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import Any, TypeVar

from s2s.errors import RunError

Item = TypeVar("Item")
Result = TypeVar("Result")

_function: Callable[[Any], Any]
"""What a worker process does."""


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`map(function, items)` with a process for every processor; a single item is done here.

    What the function raises is raised here.  Raises RunError when a process was killed.
    """
    items = iter(items)
    first = list(islice(items, 2))
    if len(first) < 2:
        yield from map(function, first)
        return
    count = len(os.sched_getaffinity(0))
    # Forked, so that the function need not be sent; nothing here has threads that hold locks.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(count, context, _start, (function,)) as pool:
        coming: deque[Future[Result]] = deque()
        try:
            for item in chain(first, items):
                coming.append(pool.submit(_work, item))
                if len(coming) > 2 * count:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        except BrokenProcessPool:
            if sys.version_info < (3, 11, 5):
                # Waits for ever for a thread that writes to the dead (gh-94777); later versions close this themselves.
                pool._call_queue._reader.close()  # type: ignore[attr-defined]
            raise RunError("a worker process was killed; is there enough memory?") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _start(function: Callable[[Any], Any]) -> None:
    global _function  # a process has one job
    _function = function
    # Ctrl-C is the main process's; where that one is killed, we are not to stay behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _work(item: Any) -> Any:
    return _function(item)
