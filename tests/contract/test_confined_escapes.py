"""Fifty ways out of a confined process, tried with and without namespaces; none leads out."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.tools.confined import Confinement, Finished, Job, Limits, python

CANARY = "canary-of-the-host-4711"

_PRELUDE = """
import ctypes, json, os, socket, struct, sys
world = json.loads(sys.stdin.read())
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return True
def attempt():
{body}
try:
    result = attempt()
except BaseException as error:
    print("held:", type(error).__name__, error)
else:
    print("THROUGH" if result else "held: nothing came of it")
"""

# Each gives something true where it got through. What reads the canary must find it.
READS = {
    "a file of the host": "return world['canary'] in open(world['file']).read()",
    "a file over a relative path": (
        "return world['canary'] in open('../../../../../..' + world['file']).read()"
    ),
    "a symbolic link out of the folder": (
        "os.symlink(world['file'], 'link'); return world['canary'] in open('link').read()"
    ),
    "a hard link into the folder": (
        "os.link(world['file'], 'link'); return world['canary'] in open('link').read()"
    ),
    "the environment of the parent": (
        "return world['canary'].encode() in open(f'/proc/{world[\"pid\"]}/environ', 'rb').read()"
    ),
    "an inherited open file": (
        "return any(world['canary'].encode() in os.pread(n, 4096, 0) for n in range(3, 64)"
        " if os.path.isfile(f'/proc/self/fd/{n}') or not os.path.exists('/proc'))"
    ),
    "the list of a folder of the host": "return os.path.basename(world['file']) in"
    " os.listdir(os.path.dirname(world['file']))",
    "a file by its folder's descriptor": (
        "folder = os.open(os.path.dirname(world['file']), os.O_RDONLY);"
        " return os.open(os.path.basename(world['file']), os.O_RDONLY, dir_fd=folder)"
    ),
}
REACHES = {
    "a TCP connection": "return socket.create_connection(('127.0.0.1', world['port']), 1)",
    "a UDP datagram": (
        "return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))"
    ),
    "a listening socket": (
        "one = socket.socket(); one.bind(('127.0.0.1', 0)); one.listen(); return True"
    ),
    "a UNIX socket": (
        "one = socket.socket(socket.AF_UNIX); one.connect(world['unix']); return True"
    ),
    "an abstract UNIX socket": (
        "one = socket.socket(socket.AF_UNIX); one.connect('\\0' + world['abstract']); return True"
    ),
}
LEAVES = {
    "a name resolved": "return socket.gethostbyname('localhost.localdomain.example')",
    "a raw socket": "return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "a packet socket": "return socket.socket(17, socket.SOCK_RAW)",
    "a netlink socket": "return socket.socket(16, socket.SOCK_RAW)",
    "a vsock": "return socket.socket(40, socket.SOCK_STREAM)",
    "an io_uring": "return call(425, 8, (ctypes.c_char * 256)())",
    "writing over the interpreter": "return open(os.__file__, 'r+b')",
    "writing beside the interpreter": (
        "return open(os.path.join(os.path.dirname(os.__file__), 'escape.py'), 'w')"
    ),
    "writing to the system": "return open('/usr/escape', 'w')",
    "writing to the root": "return open('/escape', 'w')",
    "writing to the host's temporary folder": (
        "path = os.path.join(os.path.dirname(world['file']), 'escape');"
        " open(path, 'w').write('x'); return True"
    ),
    "a device node": "os.mknod('disk', 0o060600, os.makedev(254, 0)); return open('disk', 'rb')",
    "a disk of the host": "return open('/dev/vda', 'rb').read(1)",
    "the memory of the machine": "return open('/dev/mem', 'rb')",
    "mounting a file system": "return call(world['nr']['mount'], b'none', b'.', b'tmpfs', 0, 0)",
    "mounting the new way": "return call(430, b'tmpfs', 0)",
    "the root changed": "os.chroot('.'); return True",
    "a namespace of users": "return call(world['nr']['unshare'], 0x10000000)",
    "a namespace by clone": "return call(world['nr']['clone'], 0x10000000 | 17, 0, 0, 0, 0)",
    "a namespace by clone3": "return call(435, struct.pack('=11Q', 0x10000000, *[0] * 10), 88)",
    "another's namespace": "return call(world['nr']['setns'], os.open('.', os.O_RDONLY), 0)",
    "becoming root": "os.setuid(0); return True",
    "becoming another": "os.setresuid(1, 1, 1); return True",
    "a program that changes user": (
        "os.chmod('x', 0o4755) if open('x', 'w') else 0;"
        " return os.stat('x').st_uid == 0 and 'files' in world['walls']"
    ),
    "tracing the parent": "return call(world['nr']['ptrace'], 16, world['pid'], 0, 0)",
    "reading another's memory": (
        "return call(world['nr']['process_vm_readv'], world['pid'], 0, 0, 0, 0, 0)"
    ),
    "killing the parent": "os.kill(world['pid'], 9); return True",
    "signalling the parent": "return call(world['nr']['tgkill'], world['pid'], world['pid'], 0)",
    "a descriptor of a process": "return call(434, world['pid'], 0)",
    "a further process": "return os.fork() + 1",
    "a program begun": "import subprocess; return subprocess.run(['/bin/true']).returncode == 0",
    "leaving the group": "os.setsid(); return True",
    "a group of its own": "os.setpgid(0, 0); return True",
    "keys of the kernel": "return call(world['nr']['keyctl'], 0, -3, 1)",
    "a program for the kernel": "return call(world['nr']['bpf'], 0, 0, 0)",
    "counters of the processor": "return call(world['nr']['perf_event_open'], 0, 0, -1, -1, 0)",
    "faults handled in user space": "return call(world['nr']['userfaultfd'], 0)",
    "the clock set": "import time; time.clock_settime(time.CLOCK_REALTIME, 0); return True",
    "the host renamed": "socket.sethostname('escape'); return True",
    "more memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); return True"
    ),
    "more open files": (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (999, 999)); return True"
    ),
    "the filter taken off": "return libc.prctl(22, 0, 0, 0, 0) == 0",
    "privileges gained again": "return libc.prctl(38, 0, 0, 0, 0) == 0",
    "a terminal typed into": "import fcntl; fcntl.ioctl(0, 0x5412, b'x'); return True",
    "the call under its other number": "return call(0x40000000 + 41, 2, 1, 0)",
}
ALL = READS | REACHES | LEAVES


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What there is to reach outside."""

    facts: dict[str, object]

    def tried(self, body: str, confinement: Confinement) -> Finished:
        code = _PRELUDE.replace("{body}", "    " + body.replace("; ", "\n    "))
        return confinement.run(
            Job(
                command=python("escape.py"),
                files={"escape.py": code.encode()},
                stdin=json.dumps(self.facts).encode(),
                limits=Limits(seconds=10, cpu_seconds=5),
            )
        )

    def tried_outside(self, body: str, folder: Path) -> str:
        code = _PRELUDE.replace("{body}", "    " + body.replace("; ", "\n    "))
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(self.facts),
            capture_output=True,
            text=True,
            cwd=folder,
            timeout=20,
            check=True,
        )
        return done.stdout


@pytest.fixture(scope="module", params=["namespaces", "without namespaces"])
def confinement(request: pytest.FixtureRequest) -> Confinement:
    return Confinement(namespaces=request.param == "namespaces")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    folder.chmod(0o755)
    secret = folder / "secret.txt"
    secret.write_text(CANARY)
    names = ("mount", "unshare", "clone", "setns", "ptrace", "process_vm_readv", "tgkill", "keyctl")
    more = ("bpf", "perf_event_open", "userfaultfd")
    numbers = {
        "x86_64": (165, 272, 56, 308, 101, 310, 234, 250, 321, 298, 323),
        "aarch64": (40, 97, 220, 268, 117, 270, 131, 219, 280, 241, 282),
    }[os.uname().machine]
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
        secret.open() as inherited,
        subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={"SECRET": CANARY}
        ) as victim,
    ):
        os.set_inheritable(inherited.fileno(), True)
        unix.bind(str(folder / "socket"))
        unix.listen()
        abstract.bind(f"\0confined-{os.getpid()}")
        abstract.listen()
        yield Host(
            facts={
                "canary": CANARY,
                "file": str(secret),
                "pid": victim.pid,
                "port": tcp.getsockname()[1],
                "unix": str(folder / "socket"),
                "abstract": f"confined-{os.getpid()}",
                "nr": dict(zip((*names, *more), numbers, strict=True)),
                "walls": [],
            }
        )
        assert victim.poll() is None, "somebody ended the host's process"
        victim.kill()


@pytest.mark.parametrize("name", ALL)
def test_there_is_no_way_out(host: Host, confinement: Confinement, name: str) -> None:
    finished = host.tried(ALL[name], confinement)

    assert b"THROUGH" not in finished.output, finished.output
    # A filter may end the job outright, which leaves no word.
    assert finished.output.startswith(b"held") or finished.status < 0, finished.errors


@pytest.mark.parametrize("name", [*READS, *REACHES])
def test_the_same_way_leads_somewhere_when_nothing_is_in_it(
    host: Host, tmp_path: Path, name: str
) -> None:
    if name == "an inherited open file":
        # Python closes what it does not pass on, with or without walls.
        return
    assert "THROUGH" in host.tried_outside(ALL[name], tmp_path)


def test_the_campaign_is_as_large_as_it_says() -> None:
    assert len(ALL) >= 50
