"""What runs first in the new process: it walls itself in, and becomes the job.

Run as a script by a bare interpreter (``python -I -S inside.py SPEC STATUS``), never imported by
the product, so it stands on the standard library alone. The order matters and is the order of
``main``: what needs privilege first, the filter of system calls last. It refuses to begin a job
where neither of two ways keeps the network away, or neither keeps the file system away.

Manual pages: unshare(2), pivot_root(2), mount_setattr(2), landlock(7), seccomp(2).
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import signal
import stat
import struct
import sys
from pathlib import Path
from typing import Any

_NOBODY = 65534
_SCRATCH = "/scratch"
_DEVICES = ("null", "zero", "urandom")

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 22, 24
_PR_SET_NO_NEW_PRIVS = 38
_NEW_USER = 0x10000000
_NAMESPACES = 0x00020000 | 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000
"""mount, network, processes, ipc, host name"""
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_AT_RECURSIVE, _MNT_DETACH = 0x8000, 2
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_MOUNT_SETATTR = 442
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446

# Rights of Landlock by the interface version that brought them; those on single files apart.
_FS_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}
_FILE_RIGHTS = 0x1 | 0x2 | 0x4 | 0x4000 | 0x8000
_READ_AND_EXECUTE = 0x1 | 0x4 | 0x8

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Build the walls and become the job; what came of it is told on the status pipe."""
    status = int(sys.argv[2])
    os.set_inheritable(status, False)
    try:
        spec = json.loads(Path(sys.argv[1], "spec.json").read_text(encoding="utf-8"))
        walls = _leave_the_world(spec, Path(sys.argv[1], "work"))
    except OSError as error:
        _tell(status, {"refused": f"{error.strerror or error} ({error.filename or 'kernel'})"})
        os._exit(125)
    if "processes" in walls:
        # The first process of a new table: when it ends, the kernel ends all others of it.
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            os._exit(0)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    job = os.fork()
    if job == 0:
        _become(spec, walls, status)
    _, ended = os.waitpid(job, 0)
    _tell(status, {"status": os.waitstatus_to_exitcode(ended)})
    os._exit(0)


def _leave_the_world(spec: dict[str, Any], work: Path) -> list[str]:
    """Move to namespaces of its own and drop root; give the walls that stand."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    files = {path.name: path.read_bytes() for path in work.iterdir()}
    is_root = os.geteuid() == 0
    user, group = os.getuid(), os.getgid()
    wanted = _NAMESPACES if is_root else _NAMESPACES | _NEW_USER
    if not spec["namespaces"] or _libc.unshare(wanted) != 0:
        if is_root and _open_to_all(spec["command"][0]):
            for path in (work, *work.iterdir()):
                os.chown(path, _NOBODY, _NOBODY)
            _become_nobody()
        os.umask(0o077)
        os.chdir(work)
        return []
    if not is_root:
        Path("/proc/self/setgroups").write_bytes(b"deny")
        Path("/proc/self/uid_map").write_bytes(f"{user} {user} 1".encode())
        Path("/proc/self/gid_map").write_bytes(f"{group} {group} 1".encode())
    _change_root(spec["readable"], scratch_bytes=spec["scratch_bytes"])
    if is_root:
        os.chown(_SCRATCH, _NOBODY, _NOBODY)
        _become_nobody()
        # Its own count of processes, so that one job does not eat up what another may have.
        _check(_libc.unshare(_NEW_USER), "a namespace of users")
    os.umask(0o077)
    for name, content in files.items():
        Path(_SCRATCH, name).write_bytes(content)
    os.chdir(_SCRATCH)
    return ["files", "network", "processes"]


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    # Changing user takes this back.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _open_to_all(program: str) -> bool:
    """Tell whether another user could start the program; where not, root goes on as a root that
    has lost its capabilities and sees what Landlock shows it."""
    places = (Path(program).parent, Path(program).resolve().parent)
    return all(one.stat().st_mode & stat.S_IXOTH for place in places for one in place.parents)


def _change_root(readable: list[str], *, scratch_bytes: int) -> None:
    """Make a root that holds an interpreter and nothing else, read-only but for the scratch."""
    root = "/tmp"  # noqa: S108 - covered by a file system of its own, in a namespace of its own
    devices = [f"/dev/{name}" for name in _DEVICES]
    places = [path for path in (*readable, *devices) if Path(path).exists()]
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE, None)
    # What lies below the place the new root is made at would be covered by it.
    aside = {path: os.open(path, os.O_PATH) for path in places if path.startswith(f"{root}/")}
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID, "size=1m,mode=755")
    for path in places:
        if Path(path).is_symlink() and path not in aside:
            Path(root + path).symlink_to(Path(path).readlink())
            continue
        source = f"/proc/self/fd/{aside[path]}" if path in aside else path
        _bind(source, root + path, is_folder=path not in devices and Path(source).is_dir())
        if path not in devices:
            _seal(root + path, _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV)
    Path(root + _SCRATCH).mkdir()
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    _mount("tmpfs", root + _SCRATCH, "tmpfs", flags, f"size={scratch_bytes},mode=700")
    _seal(root, _ATTR_RDONLY | _ATTR_NOSUID, flags=0)
    os.chdir(root)
    _check(_libc.syscall(_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", _MNT_DETACH), "the old root")
    os.chdir("/")


def _bind(source: str, target: str, *, is_folder: bool) -> None:
    place = Path(target)
    if is_folder:
        place.mkdir(parents=True, exist_ok=True, mode=0o755)
    else:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        place.touch()
    _mount(source, target, None, _MS_BIND | _MS_REC, None)


def _seal(target: str, attributes: int, *, flags: int = _AT_RECURSIVE) -> None:
    asked = struct.pack("=QQQQ", attributes, 0, 0, 0)
    done = _libc.syscall(_MOUNT_SETATTR, -100, target.encode(), flags, asked, len(asked))
    _check(done, target)


def _become(spec: dict[str, Any], walls: list[str], status: int) -> None:
    """Take the last walls up and turn into the job."""
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _limit(spec, counted="processes" in walls)
        for capability in range(64):
            # Past the last one there is, and without the right to drop any, nothing is left to do.
            _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        held = [*walls, "limits", "privileges"]
        if _landlock(spec, own_root="files" in walls):
            held.append("landlock")
        filters = spec["filters"]
        program = filters["own" if "processes" in walls else "shared"]
        if program is not None:
            _filter(base64.b64decode(program))
            held.append("calls")
        missing = _missing(held, further=spec["further"])
        if missing:
            _tell(status, {"refused": missing})
            os._exit(125)
        _tell(status, {"walls": sorted(held)})
        os.closerange(3, status)
        os.closerange(status + 1, 4096)
        program, words = spec["command"][0], spec["command"]
        os.execve(program, words, spec["environment"])  # noqa: S606 - what the walls are for
    except OSError as error:
        _tell(status, {"refused": f"{error.strerror or error} ({error.filename or 'kernel'})"})
    os._exit(125)


def _missing(held: list[str], *, further: bool) -> str:
    """Say which of the walls that nothing may run without cannot be built on this kernel."""
    if further and "processes" not in held:
        return "no process namespaces, and the job asks for further processes"
    if "network" not in held and "calls" not in held:
        return "neither network namespaces nor a filter of system calls"
    if "files" not in held and "landlock" not in held:
        return "neither mount namespaces nor Landlock"
    return ""


def _limit(spec: dict[str, Any], *, counted: bool) -> None:
    scratch = int(spec["scratch_bytes"])
    for name, value in (
        (resource.RLIMIT_AS, spec["memory_bytes"]),
        (resource.RLIMIT_CPU, spec["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, scratch),
        (resource.RLIMIT_NOFILE, spec["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(name, (value, value))
    if counted:
        # Without a namespace of users the kernel would count what else this user runs.
        resource.setrlimit(resource.RLIMIT_NPROC, (spec["tasks"], spec["tasks"]))


def _landlock(spec: dict[str, Any], *, own_root: bool) -> bool:
    """Let it read and execute what it was shown, and write to its scratch; False without it."""
    version = _libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return False
    handled = _FS_RIGHTS[max(known for known in _FS_RIGHTS if known <= version)]
    wanted = struct.pack("=Q", handled)
    if version >= 4:
        wanted += struct.pack("=Q", 0x3)
    if version >= 6:
        wanted += struct.pack("=Q", 0x3)
    rules = _check(_libc.syscall(_LANDLOCK_CREATE, wanted, len(wanted), 0), "landlock")
    allowed = dict.fromkeys(spec["readable"], _READ_AND_EXECUTE)
    allowed |= dict.fromkeys((f"/dev/{name}" for name in _DEVICES), handled & 0x6)
    allowed[str(Path.cwd()) if not own_root else _SCRATCH] = handled & ~0x1
    for path, rights in allowed.items():
        if _is_reachable(path):
            _allow(rules, path, rights & handled)
    _check(_libc.syscall(_LANDLOCK_RESTRICT, rules, 0), "landlock")
    os.close(rules)
    return True


def _is_reachable(path: str) -> bool:
    try:
        return Path(path).exists()
    except PermissionError:
        # Below a folder that is closed to the job's user, such as root's own: not for it to see.
        return False


def _allow(rules: int, path: str, rights: int) -> None:
    opened = os.open(path, os.O_PATH)
    if not stat.S_ISDIR(os.fstat(opened).st_mode):
        rights &= _FILE_RIGHTS
    rule = struct.pack("=Qi", rights, opened)
    _check(_libc.syscall(_LANDLOCK_ADD, rules, 1, rule, 0), path)
    os.close(opened)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_char_p))


def _filter(program: bytes) -> None:
    spelled = _Program(len(program) // 8, program)
    _check(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(spelled), 0, 0), "seccomp")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    spelled = [text.encode() if text is not None else None for text in (source, target, kind, data)]
    done = _libc.mount(spelled[0], spelled[1], spelled[2], ctypes.c_ulong(flags), spelled[3])
    _check(done, target)


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


def _check(done: int, about: str) -> int:
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about)
    return done


def _tell(status: int, said: dict[str, object]) -> None:
    os.write(status, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    main()
