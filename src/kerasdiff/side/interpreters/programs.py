"""For which processor is a program? As its file says, for the system only says that it does not run."""

from __future__ import annotations

import platform
import struct

_ELF = {3: "x86", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
"""``e_machine`` of an ELF file (System V ABI), as ``uname -m`` calls it."""
_MACH = {0x01000007: "x86_64", 0x0100000C: "arm64"}
"""``cputype`` of a Mach-O file (``mach/machine.h``)."""
_WINDOWS = b"MZ"


def foreign_processor(path: str) -> str:
    """Which processor a program is for and which this one is, in words; empty where they are the same or unknown.

    Args:
        path: Of a file, which may be anything.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return ""
    found, own = _made_for(head), platform.machine()
    return "" if not found or found == own else f"it is made for {found}, and this machine is {own}"


def _made_for(head: bytes) -> str:
    """The processor that the head of a file names; empty where it names none that is known.

    >>> _made_for(bytes([0x7F, 0x45, 0x4C, 0x46, 2, 1]) + bytes(12) + bytes([183, 0]))
    'aarch64'
    """
    if len(head) < 20:
        return ""
    if head[:4] == b"\x7fELF":
        (machine,) = struct.unpack_from("<H" if head[5] == 1 else ">H", head, 18)
        return _ELF.get(machine, "")
    if head[:4] == b"\xcf\xfa\xed\xfe":
        (kind,) = struct.unpack_from("<I", head, 4)
        return _MACH.get(kind, "")
    return "Windows" if head[:2] == _WINDOWS and platform.system() != "Windows" else ""
