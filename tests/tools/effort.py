"""How long does something take on a machine that does other things as well? Processor time, not time on the wall."""

from __future__ import annotations

import resource


def spent() -> float:
    """Seconds of processor time of this process so far, with those of the processes it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
