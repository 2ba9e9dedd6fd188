"""What each kind of task does: one function for a kind, all of the same shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from runtime.catalog.workflow import task as kinds
from runtime.workflows.doing import Doing
from runtime.workflows.flow import Passed
from runtime.workflows.tasks import call, emit, fork, listen, loop, plain, run, trying, wait

KEYS: Final[Mapping[type[kinds.Task], str]] = {
    kinds.SetTask: "set",
    kinds.DoTask: "do",
    kinds.SwitchTask: "switch",
    kinds.RaiseTask: "raise",
    kinds.WaitTask: "wait",
    kinds.ForTask: "for",
    kinds.ForkTask: "fork",
    kinds.TryTask: "try",
    kinds.CallTask: "call",
    kinds.EmitTask: "emit",
    kinds.ListenTask: "listen",
    kinds.RunTask: "run",
}
"""The word by which a document writes each kind."""
KINDS: Final[Mapping[type[kinds.Task], Callable[[Doing], Passed]]] = {
    kinds.SetTask: plain.set_data,
    kinds.DoTask: plain.do,
    kinds.SwitchTask: plain.switch,
    kinds.RaiseTask: plain.raise_error,
    kinds.WaitTask: wait.wait,
    kinds.ForTask: loop.repeat,
    kinds.ForkTask: fork.fork,
    kinds.TryTask: trying.attempt,
    kinds.CallTask: call.call,
    kinds.EmitTask: emit.emit,
    kinds.ListenTask: listen.listen,
    kinds.RunTask: run.run,
}
