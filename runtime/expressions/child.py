"""The process that evaluates: started as a script, alone with its pipes, imported by nobody.

A request is two lines, JSON both: ``{key, text?, programs?, variables?, cpu_seconds}`` and the
input. An answer is one line: ``{"results": […]}``, ``{"missing": true}`` where the program is not
known here, ``{"broken": [[index, words], …]}`` where it cannot be compiled, ``{"failed": words}``.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import math
import resource
import sys
from collections import OrderedDict
from typing import Any, BinaryIO

MOST_COMPILED = 2048


def serve(library: str, memory_bytes: int, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    jq = _load(library)
    _confine(memory_bytes)
    compiled: OrderedDict[str, Any] = OrderedDict()
    while line := requests.readline():
        request, text = json.loads(line), requests.readline().decode()
        # The kernel ends this process where an evaluation never does, also without a parent.
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = math.ceil(used.ru_utime + used.ru_stime) + request["cpu_seconds"]
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
        answers.write(_answer(jq, compiled, request, text).encode() + b"\n")
        answers.flush()


def _answer(jq: Any, compiled: OrderedDict[str, Any], request: Any, text: str) -> str:
    key = request["key"]
    if key not in compiled:
        if "text" not in request:
            return '{"missing":true}'
        try:
            compiled[key] = jq.compile(request["text"])
        except ValueError as error:
            return json.dumps({"broken": _broken(jq, request, str(error))})
        if len(compiled) > MOST_COMPILED:
            compiled.popitem(last=False)
    compiled.move_to_end(key)
    try:
        return f'{{"results":{compiled[key].input_text(text).text()}}}'
    except ValueError as error:
        return json.dumps({"failed": str(error)})


def _broken(jq: Any, request: Any, otherwise: str) -> list[tuple[int, str]]:
    """Say which programs cannot be compiled, each compiled alone so that the place is right."""
    found: list[tuple[int, str]] = []
    arguments = dict.fromkeys(request["variables"])
    for index, program in enumerate(request["programs"]):
        try:
            jq.compile(program, args=arguments)
        except ValueError as error:
            found.append((index, str(error)))
    return found or [(0, otherwise)]


def _load(library: str) -> Any:
    loader = importlib.machinery.ExtensionFileLoader("jq", library)
    spec = importlib.util.spec_from_file_location("jq", library, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _confine(memory_bytes: int) -> None:
    """Give away what it will not need: files, other processes, memory without end."""
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 3,
        resource.RLIMIT_NPROC: 0,
    }
    for limit, value in limits.items():
        # A hard limit that is lower already stays.
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.stdin.buffer, sys.stdout.buffer)
