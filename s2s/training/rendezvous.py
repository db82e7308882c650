"""The workers of a cluster wait for each other before TensorFlow connects them.

TensorFlow's own waiting is native code that holds Python's lock: it answers no signal, reports nothing and has no end.  So
all workers first meet at the chief's address, which TensorFlow then takes over: the chief listens there, every other
worker connects and sends its name, and when all have come, the chief sends each the word to go on.
"""

import contextlib
import select
import socket
import time

from s2s.errors import InputError, RunError
from s2s.machine import Task
from s2s.process import report

_GO = b"s2s: all workers have come\n"


def wait_for_workers(task: Task, minutes: float) -> None:
    """Wait until all workers have come; reports every half minute which are missing.

    Raises InputError when this worker cannot listen at its address, and RunError when not all come in time.

    Args:
        task: the cluster and this worker's place in it.
        minutes: how long to wait.
    """
    others = {
        f"{kind} {number}": address
        for kind, addresses in task.workers.items()
        for number, address in enumerate(addresses)
        if (kind, number) != (task.kind, task.number)
    }
    own, clock = f"{task.kind} {task.number}", _Clock(minutes)
    chief = "chief 0" if "chief" in task.workers else "worker 0"
    if own == chief:
        _gather(task.workers[task.kind][0], others, clock)
    else:
        _join(own, chief, others[chief], clock)


class _Clock:
    """Reports what is waited for, and gives up in time."""

    def __init__(self, minutes: float):
        self._minutes, self._started = minutes, time.monotonic()
        self._report = self._started + 2.0

    def check(self, missing: str) -> None:
        """Report that `missing` is waited for, if it is time to; raises RunError when time is up."""
        now = time.monotonic()
        if now - self._started > self._minutes * 60:
            raise RunError(f"{missing} did not come within {self._minutes:g} minutes (training.wait_minutes)")
        if now >= self._report:
            self._report += 30.0
            report(f"waiting for {missing}")


def _gather(address: str, others: dict[str, str], clock: _Clock) -> None:
    """As the chief, wait for the others and send them on."""
    with contextlib.ExitStack() as stack:
        try:
            listener = stack.enter_context(socket.create_server(("", _split(address)[1])))
        except OSError as error:
            raise InputError(
                f"training.distribute: cannot listen at {address} of TF_CONFIG: {error.strerror or error}"
            ) from None
        connections: dict[socket.socket, str] = {}  # with their names, once they have sent them
        while missing := others.keys() - connections.values():
            clock.check(", ".join(f"{name} at {others[name]}" for name in others if name in missing))
            for ready in select.select([listener, *connections], [], [], 0.2)[0]:
                if ready is listener:
                    connection = stack.enter_context(listener.accept()[0])
                    connection.settimeout(1.0)
                    connections[connection] = ""
                    continue
                name = _receive(ready).decode(errors="replace").strip()
                if name in others:
                    connections[ready] = name
                else:  # it has gone, or is a stranger
                    del connections[ready]
                    ready.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.sendall(_GO)


def _join(own: str, chief: str, address: str, clock: _Clock) -> None:
    """As another worker, wait for the chief and for its word to go on."""
    while True:
        with contextlib.suppress(OSError, UnicodeError), socket.create_connection(_split(address), 1.0) as connection:
            connection.sendall(f"{own}\n".encode())
            while not select.select([connection], [], [], 0.2)[0]:
                clock.check("the other workers")
            if _receive(connection) == _GO:
                return
        clock.check(f"{chief} at {address}")
        time.sleep(0.2)


def _receive(connection: socket.socket) -> bytes:
    """A short line; empty when the other side has gone."""
    try:
        return connection.recv(100)
    except OSError:
        return b""


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
