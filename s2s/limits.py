"""The system's limits on this process: open files, threads and processes, memory.

Native libraries abort or wait for ever where they run into one, so a command looks before it loads them.
"""

import errno
import os
import resource
import threading
from typing import NamedTuple

from s2s.errors import RunError

_PROCESSORS = len(os.sched_getaffinity(0))


class Needs(NamedTuple):
    """What a command takes at least, measured with two processors on a small corpus and a small network."""

    files: int
    """Open files."""
    threads: int
    """Threads and processes beside the first."""
    megabytes: int
    """Address space of a process; with less, OpenBLAS or TensorFlow may abort."""


PREPARE = Needs(16 + 4 * _PROCESSORS, 4 * _PROCESSORS, 900)
TRAIN = Needs(24, 16 + 4 * _PROCESSORS, 3500)
TRANSLATE = Needs(16, 2 + 2 * _PROCESSORS, 900)


def require(needs: Needs) -> None:
    """Raise RunError unless the system lets this process have that much.  Takes 0.05 ms for each thread."""
    (files, most_files), memory = resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS)[0]
    if files < needs.files <= most_files:  # as `ulimit -n` would
        resource.setrlimit(resource.RLIMIT_NOFILE, (needs.files, most_files))
    elif files != resource.RLIM_INFINITY and files < needs.files:
        raise RunError(f"too few open files: this takes {needs.files}{advice(errno.EMFILE)}")
    if memory != resource.RLIM_INFINITY and memory >> 20 < needs.megabytes:
        raise RunError(f"too little address space: this takes {needs.megabytes:,} MB or more{advice(errno.ENOMEM)}")
    done, threads = threading.Event(), []
    try:
        for _ in range(needs.threads):
            thread = threading.Thread(target=done.wait)
            thread.start()
            threads.append(thread)
    except RuntimeError:
        raise RunError(f"too few threads or processes: this takes {needs.threads}{advice(errno.EAGAIN)}") from None
    finally:
        done.set()
        for thread in threads:
            thread.join()


def advice(number: int | None) -> str:
    """What to add to the message of an error: which limit it may be, where it comes from one.

    Args:
        number: of the error, as in `errno`.
    """
    if number == errno.EMFILE:
        return f"; the limit is {resource.getrlimit(resource.RLIMIT_NOFILE)[0]:,} (ulimit -n): raise it"
    if number == errno.EFBIG:
        return f"; the limit is {resource.getrlimit(resource.RLIMIT_FSIZE)[0]:,} bytes (ulimit -f): raise it"
    if number == errno.EAGAIN:
        return "; the limit on processes and threads is reached (ulimit -u, or that of a container): raise it"
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if number == errno.ENOMEM and limit != resource.RLIM_INFINITY:
        return f"; the limit is {limit >> 20:,} MB (ulimit -v): raise it"
    return ""
