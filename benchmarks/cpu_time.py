"""Seconds of CPU: what a shared machine can still compare."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median_cpu(run: Callable[[], object], n: int) -> float:
    """Seconds of CPU of this process, the median of n runs."""
    taken = []
    for _ in range(n):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return statistics.median(taken)
