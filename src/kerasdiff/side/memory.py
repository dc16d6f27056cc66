"""How much memory may this machine's processes still take?"""

from __future__ import annotations

from pathlib import Path

MEMINFO = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")


def available_bytes(meminfo: Path = MEMINFO, group: Path = GROUP) -> int | None:
    """Bytes that are free, or can be freed without harm; ``None`` where the system does not tell.

    Less where the processes of a container may take less than the machine has.

    References:
        ``MemAvailable`` in proc(5); ``memory.max`` and ``memory.current`` of Linux's control groups, version 2.
    """
    told = [_of_machine(meminfo), _of_group(group)]
    return min((one for one in told if one is not None), default=None)


def _of_machine(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _of_group(group: Path) -> int | None:
    try:
        most, taken = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return None
    return max(0, int(most) - int(taken)) if most.isdigit() and taken.isdigit() else None
