"""One call of a tool: its time limit, its secrets, its result as JSON, its errors in our words."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from runtime.domain.approval import Preview
from runtime.domain.effects import Effect
from runtime.domain.errors import (
    Faulted,
    LostLease,
    Misconfigured,
    Refused,
    ToolFailed,
    Upstream,
)
from runtime.domain.json import Json, JsonObject, object_of
from runtime.observability.personal_data import Clean, PersonalData
from runtime.tools.errors import ToolCrashed
from runtime.tools.result import NotJson, as_json
from runtime.tools.schema import check_arguments
from runtime.tools.scrubbing import Scrubber
from runtime.tools.threads import Threads
from runtime.tools.tool import Call, Reconciled, Tool

T = TypeVar("T")

LARGEST_RESULT_BYTES: Final = 1024 * 1024


class Runner:
    """Runs tools. ``secrets`` is all there is to inject; a tool gets only what it declared."""

    def __init__(
        self,
        *,
        secrets: Mapping[str, str],
        hide: Clean = PersonalData(),  # noqa: B008 - it never changes
        largest_result_bytes: int = LARGEST_RESULT_BYTES,
    ) -> None:
        """``hide`` takes out of all that tools say what is nobody's business."""
        self._secrets = secrets
        self._largest = largest_result_bytes
        self._hide = hide
        self._threads = Threads()

    def run(self, tool: Tool, arguments: JsonObject, call: Call) -> Json:
        """Make the call and give its result as JSON, without secrets.

        The arguments are checked again, so no path reaches a tool with others than its schema
        allows. A result that has no JSON form or is too large is the model's to repair if the
        tool only reads; otherwise the call has happened, so it succeeds with a note instead.

        Raises:
            ToolFailed, Refused, Upstream, LostLease: from the tool, scrubbed.
            TimedOut: the tool's limit passed; the thread is abandoned.
            ToolCrashed: the tool raised anything else.
            Misconfigured: a declared secret is not set; nothing was begun.
        """
        checked = check_arguments(arguments, tool=tool)
        scrubber = self._scrubber(tool)
        result = self._guarded(tool, call, scrubber, lambda inner: tool.run(checked, inner))
        try:
            value = scrubber.json(as_json(result))
            self._check_size(value)
        except (NotJson, _TooLarge) as problem:
            if tool.effect is Effect.READ:
                raise ToolFailed(
                    scrubber.text(f"{tool.name!r} was called, but {problem}")
                ) from None
            note = f"The call was made, but its result is left out: {problem}"
            return {"note": scrubber.text(note)}
        return value

    def preview(self, tool: Tool, arguments: JsonObject, call: Call) -> Preview | None:
        """Ask what the call would do, under the same limits; None where the tool cannot say.

        Raises as ``run`` does.
        """
        hook = tool.preview
        if hook is None:
            return None
        checked = check_arguments(arguments, tool=tool)
        scrubber = self._scrubber(tool)
        shown = self._guarded(tool, call, scrubber, lambda inner: hook(checked, inner))
        return replace(shown, what=scrubber.text(shown.what), where=scrubber.text(shown.where))

    def reconcile(self, tool: Tool, arguments: JsonObject, call: Call) -> Reconciled | None:
        """Ask whether a call in doubt happened; None where the tool cannot tell.

        Raises as ``run`` does; then it is still in doubt.
        """
        hook = tool.reconcile
        if hook is None:
            return None
        scrubber = self._scrubber(tool)
        found = self._guarded(tool, call, scrubber, lambda inner: hook(arguments, inner))
        if found is None:
            return None
        try:
            return replace(found, result=scrubber.json(as_json(found.result)))
        except NotJson as problem:
            return replace(found, result={"note": f"Its result is left out: {problem}"})

    def _guarded(self, tool: Tool, call: Call, scrubber: Scrubber, work: Callable[[Call], T]) -> T:
        inner = replace(call, secrets={name: self._secrets[name] for name in tool.secrets})
        try:
            return self._threads.run(
                lambda: work(inner), name=tool.name, timeout_seconds=tool.timeout_seconds
            )
        except (ToolFailed, Refused, Upstream, LostLease) as error:
            error.public = scrubber.text(error.public)
            error.args = (error.public,)
            if isinstance(error, Faulted):
                error.problem = object_of(scrubber.json(error.problem))
            # What it was raised from speaks in words nobody scrubbed.
            error.__cause__ = error.__context__ = None
            raise
        except BaseException as error:
            crash = _crash(tool, error, scrubber)
        raise crash

    def _scrubber(self, tool: Tool) -> Scrubber:
        unset = [name for name in tool.secrets if not self._secrets.get(name)]
        if unset:
            raise Misconfigured(
                f"{tool.name!r} needs {', '.join(unset)}, which is not set; "
                "set it in the environment of the worker"
            )
        return Scrubber((self._secrets[name] for name in tool.secrets), hide=self._hide)

    def _check_size(self, value: Json) -> None:
        size = len(json.dumps(value, ensure_ascii=False).encode())
        if size > self._largest:
            raise _TooLarge(
                f"its result has {size:,} bytes and at most {self._largest:,} fit; "
                "ask for less: fewer rows, a narrower range, a part"
            )


class _TooLarge(Exception):
    pass


def _crash(tool: Tool, error: BaseException, scrubber: Scrubber) -> ToolCrashed:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).name}:{last.lineno} in {last.name}" if last else ""
    name = type(error).__name__
    said = scrubber.text(str(error))[:500]
    return ToolCrashed(
        f"{tool.name!r} broke with {name}: {said or 'no message'}; its author must look at it",
        exception=name,
        where=where,
    )
