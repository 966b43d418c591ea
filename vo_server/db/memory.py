"""How much memory the embedded PostgreSQL may use."""

import os
from pathlib import Path

MB = 1024**2
LEAST, MOST = 256, 2048  #: MB of shared buffers, whatever the machine has
LIMIT = Path("/sys/fs/cgroup/memory.max")  #: of a container


def usable(limit: Path = LIMIT) -> int:
    """Bytes of memory that this machine or container has."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(machine, int(limit.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return machine


def memory_settings(usable_bytes: int) -> dict[str, str]:
    """PostgreSQL's own cache, an eighth of the memory, and what it may expect of the system's."""
    total = usable_bytes // MB
    return {
        "shared_buffers": f"{min(max(total // 8, LEAST), MOST)}MB",
        "effective_cache_size": f"{max(total // 2, 4 * LEAST)}MB",
    }
