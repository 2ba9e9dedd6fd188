from __future__ import annotations

import time
from pathlib import Path

import pytest

from runtime.domain.errors import Misconfigured, ToolFailed
from runtime.tools.builtin.script import script_tools
from runtime.tools.confined import Confinement, Ended, Finished, Job, Limits, python
from tests.worlds.calls import call_with


@pytest.fixture(params=["namespaces", "without namespaces"])
def confinement(request: pytest.FixtureRequest) -> Confinement:
    return Confinement(namespaces=request.param == "namespaces")


def ran(confinement: Confinement, code: str, limits: Limits = Limits()) -> Finished:  # noqa: B008 - a frozen value
    return confinement.run(Job(command=python("-c", code), limits=limits))


def test_a_job_reads_its_files_and_input_and_its_words_come_back(confinement: Confinement) -> None:
    code = "import sys; print(open('a.txt').read() + sys.stdin.read()); sys.exit(3)"

    finished = confinement.run(
        Job(command=python("-c", code), files={"a.txt": b"one "}, stdin=b"two")
    )

    assert finished.output == b"one two\n"
    assert finished.status == 3
    assert finished.ended is Ended.BY_ITSELF


def test_a_job_may_write_to_its_folder_and_nothing_of_it_stays(confinement: Confinement) -> None:
    code = "import os; open('made', 'w').write('x'); print(os.getcwd(), os.listdir('.'))"

    finished = ran(confinement, code)

    folder, _, names = finished.output.decode().partition(" ")
    assert names.strip() == "['made']"
    assert not Path(folder).exists()


def test_a_job_sees_only_the_environment_it_was_given(confinement: Confinement) -> None:
    code = "import os; print(sorted(os.environ))"

    finished = confinement.run(Job(command=python("-c", code), environment={"GIVEN": "yes"}))

    told = finished.output.decode().strip()
    assert told == "['GIVEN', 'HOME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'TMPDIR']"


def test_a_job_that_takes_too_long_is_ended_with_all_it_began() -> None:
    code = "import subprocess; subprocess.run(['/bin/sleep', '60'])"
    began = time.monotonic()

    finished = ran(Confinement(), code, Limits(seconds=0.5, processes=2))

    assert finished.ended is Ended.OUT_OF_TIME
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("code", "limits", "told"),
    [
        ("x = 'a' * 10**9", Limits(), b"MemoryError"),
        ("open('x', 'wb').write(b'x' * 10**6)", Limits(scratch_bytes=10**5), b"OSError"),
        ("[open('/dev/null') for _ in range(999)]", Limits(), b"Too many open files"),
    ],
)
def test_a_job_that_takes_too_much_is_refused_more(
    confinement: Confinement, code: str, limits: Limits, told: bytes
) -> None:
    finished = ran(confinement, code, limits)

    assert finished.status == 1
    assert told in finished.errors


def test_a_job_that_computes_too_long_is_ended_by_the_kernel(confinement: Confinement) -> None:
    finished = ran(confinement, "while True: pass", Limits(cpu_seconds=1, seconds=30))

    assert finished.status in (-9, -24)
    assert finished.ended is Ended.BY_ITSELF


def test_a_job_that_says_too_much_is_ended(confinement: Confinement) -> None:
    finished = ran(confinement, "while True: print('x' * 999)", Limits(output_bytes=10_000))

    assert finished.ended is Ended.TOO_MUCH_OUTPUT
    assert len(finished.output) == 10_000


def test_a_job_cannot_begin_processes_without_end() -> None:
    code = (
        "import os, time\n"
        "for begun in range(999):\n"
        "    try:\n"
        "        if os.fork() == 0: time.sleep(60)\n"
        "    except OSError: print(begun); break\n"
    )

    finished = ran(Confinement(), code, Limits(processes=3))

    assert 3 <= int(finished.output) < 40


def test_further_processes_need_a_table_of_their_own() -> None:
    with pytest.raises(Misconfigured, match="process namespaces"):
        ran(Confinement(namespaces=False), "pass", Limits(processes=1))


def test_a_program_that_is_not_there_is_the_operators_to_mend(confinement: Confinement) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        confinement.run(Job(command=("/usr/bin/no-such-program",)))


def test_it_is_told_which_walls_stand() -> None:
    kernel = {"calls", "landlock", "limits", "privileges"}

    assert set(Confinement(namespaces=False).walls()) == kernel
    assert set(Confinement().walls()) == kernel | {"files", "network", "processes"}


def test_an_agents_code_computes_with_the_files_it_names() -> None:
    call = call_with(files={"sums.csv": b"1\n2\n3\n"})
    (run_python,) = script_tools(Confinement())

    told = run_python.run(
        {"code": "print(sum(map(int, open('sums.csv'))))", "files": ["sums.csv"]}, call
    )

    assert told == {"output": "6\n", "truncated": False}


@pytest.mark.parametrize(
    ("code", "said"),
    [("1 / 0", "ZeroDivisionError"), ("open('sums.csv')", "FileNotFoundError")],
)
def test_an_agent_is_told_what_is_wrong_with_its_code(code: str, said: str) -> None:
    (run_python,) = script_tools(Confinement())

    with pytest.raises(ToolFailed, match=said):
        run_python.run({"code": code}, call_with(files={"sums.csv": b""}))
