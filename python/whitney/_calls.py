"""threads=, seed=, progress= of every long call."""

from __future__ import annotations

import sys
import time
from typing import Callable, Optional, Union

from . import _whitney

Progress = Union[bool, Callable[[str, int, int, str], None], None]
"""True draws a line on standard error; a callable hears (stage, done, total, unit), total 0 when it is not known."""


class ProgressLine:
    """Draws one line of progress on standard error; a stage that has ended keeps its line."""

    def __init__(self, out=None):
        self._out = out or sys.stderr
        self._stage, self._started = None, 0.0

    def __call__(self, stage: str, done: int, total: int, unit: str) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._started = stage, now
        seconds = now - self._started
        text = f"{stage}: {done:,}" + (f" of {total:,}" if total else "") + f" {unit}, {seconds:.1f} s"
        if 0 < done < total:
            text += f", {seconds * (total - done) / done:.1f} s to go"
        is_last = total > 0 and done >= total
        self._out.write("\r" + text.ljust(78) + ("\n" if is_last else ""))
        self._out.flush()
        if is_last:
            self._stage = None


def call(threads: Optional[int] = None, seed: Optional[int] = None, progress: Progress = False) -> _whitney.Call:
    """What the native functions are told of a call."""
    if progress is True:
        progress = ProgressLine()
    return _whitney.Call(threads, seed, progress or None)
