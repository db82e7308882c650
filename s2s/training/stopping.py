"""Signals stop a training after its step, with a checkpoint."""

import signal
from types import FrameType

from s2s.training.reporting import show


class Interrupted(Exception):
    """A signal stopped the training after a checkpoint; `status` is the exit status for it."""

    def __init__(self, signum: int):
        super().__init__(signal.Signals(signum).name)
        self.status = 128 + signum


class StopSignals:
    """Context that notes the first SIGINT, SIGTERM or SIGHUP in `signum`; a second one ends the process at once."""

    def __enter__(self) -> "StopSignals":
        """Handle the signals from now on."""
        self.signum: int | None = None
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as under nohup
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self.signum = signum
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)
        show("stopping after this step; a checkpoint is being written")

    def __exit__(self, *_: object) -> None:
        """Handle them as before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
