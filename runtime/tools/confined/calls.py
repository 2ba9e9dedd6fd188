"""The system calls a confined process may not make, as a program for the kernel's filter.

What is left suffices to compute, to read and write files and to run threads. The filter is a list
of refusals, because an interpreter needs a few hundred calls that differ from libc to libc; the
other walls (no network to reach, no file to see, no privilege to use) do not depend on it.
Shape of the program: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import errno
import struct
from typing import Final

_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT: Final = 0x40000000
_NEW_NAMESPACES: Final = 0x7E020080
"""The flags of clone that make a namespace: mount, cgroup, uts, ipc, user, pid, net, time."""
_THREAD: Final = 0x00010000
_TERMINAL_INPUT: Final = (0x5412, 0x541C)
"""ioctls that type into a terminal that is somebody else's: TIOCSTI and TIOCLINUX."""

_LD_NUMBER, _LD_ARCHITECTURE, _LD_FIRST, _LD_SECOND = 0, 4, 16, 24
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000

# Number on x86_64, number on aarch64; None where that architecture has no such call.
_REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    # to reach a network, or another process by its socket
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # to look into other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    # to change what can be seen of the file system
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "fanotify_init": (300, 262),
    # to be somebody else, or to leave the group that is killed together
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setgroups": (116, 159),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "capset": (126, 91),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "personality": (135, 92),
    # doors into the kernel that a computation has no need of
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_secret": (447, 447),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # what belongs to the machine
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "acct": (163, 89),
    "syslog": (103, 116),
    "vhangup": (153, 58),
}
# Without a process table of its own it could reach others of the same user.
_SIGNALS: Final = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}
_PROCESSES: Final = {"fork": (57, None), "vfork": (58, None)}
_CLONE, _CLONE3, _IOCTL = (56, 220), (435, 435), (16, 29)


def program(machine: str, *, processes: bool, signals: bool) -> bytes | None:
    """Give the filter for a machine as ``uname -m`` names it; None where it is not known here.

    ``processes`` lets it begin further ones, ``signals`` lets it send some, which is for a process
    that sees only its own.
    """
    if machine not in _ARCHITECTURES:
        return None
    column = list(_ARCHITECTURES).index(machine)
    refused = dict(_REFUSED)
    if not signals:
        refused |= _SIGNALS
    if not processes:
        refused |= _PROCESSES
    lines = [
        _line(_LOAD, _LD_ARCHITECTURE),
        _line(_EQUAL, _ARCHITECTURES[machine], yes=1),
        _line(_RETURN, _KILL),
        _line(_LOAD, _LD_NUMBER),
    ]
    if machine == "x86_64":
        # The same calls under other numbers.
        lines += [_line(_AT_LEAST, _X32_BIT, no=1), _line(_RETURN, _KILL)]
    for numbers in refused.values():
        number = numbers[column]
        if number is not None:
            lines += [_line(_EQUAL, number, no=1), _line(_RETURN, _REFUSE | errno.EPERM)]
    # Its flags lie in memory, out of the filter's sight; libc takes the older call instead.
    lines += [_line(_EQUAL, _CLONE3[column], no=1), _line(_RETURN, _REFUSE | errno.ENOSYS)]
    lines += _clone(_CLONE[column], processes=processes)
    for request in _TERMINAL_INPUT:
        lines += [
            _line(_EQUAL, _IOCTL[column], no=3),
            _line(_LOAD, _LD_SECOND),
            _line(_EQUAL, request, no=1),
            _line(_RETURN, _REFUSE | errno.EPERM),
            _line(_LOAD, _LD_NUMBER),
        ]
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def _clone(number: int, *, processes: bool) -> list[bytes]:
    """Refuse new namespaces, and new processes where there may be none; threads are let through."""
    wanted = [_line(_ANY_BIT, _THREAD, yes=1), _line(_RETURN, _REFUSE | errno.EPERM)]
    checks = [
        _line(_LOAD, _LD_FIRST),
        _line(_ANY_BIT, _NEW_NAMESPACES, no=1),
        _line(_RETURN, _REFUSE | errno.EPERM),
        *([] if processes else wanted),
        _line(_LOAD, _LD_NUMBER),
    ]
    return [_line(_EQUAL, number, no=len(checks)), *checks]


def _line(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
