"""How many cores this process may use: what it is bound to, and what its container is allowed."""

import math
import os
from pathlib import Path

_V2 = Path("/sys/fs/cgroup/cpu.max")
_V1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")


def cores() -> int:
    """At least 1. A quota of half a core counts as one core."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _V2.read_text().split() if _V2.exists() else (path.read_text() for path in _V1)
        allowed = math.ceil(int(quota) / int(period)) if int(quota) > 0 else bound
    except (OSError, ValueError):  # no such files, or "max": no limit
        allowed = bound
    return max(1, min(bound, allowed))
