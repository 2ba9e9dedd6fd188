"""A typed Python function becomes a tool."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast, overload

from runtime.domain.approval import Preview
from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured
from runtime.domain.json import Json, JsonObject
from runtime.tools.docstring import describe
from runtime.tools.signature import Signature, signature_of
from runtime.tools.tool import Call, Reconciled, Tool

_Hook = Callable[..., object]


@overload
def tool(function: Callable[..., object], /) -> Tool: ...
@overload
def tool(
    *,
    effect: Effect = ...,
    timeout_seconds: float = ...,
    secrets: Sequence[str] = ...,
    untrusted: bool = ...,
    preview: Callable[..., Preview] | None = ...,
    reconcile: Callable[..., Reconciled | None] | None = ...,
    name: str | None = ...,
    source: str = ...,
) -> Callable[[Callable[..., object]], Tool]: ...
def tool(
    function: Callable[..., object] | None = None,
    /,
    *,
    effect: Effect = Effect.IRREVERSIBLE,
    timeout_seconds: float = 30.0,
    secrets: Sequence[str] = (),
    untrusted: bool = False,
    preview: Callable[..., Preview] | None = None,
    reconcile: Callable[..., Reconciled | None] | None = None,
    name: str | None = None,
    source: str = "built-in",
) -> Tool | Callable[[Callable[..., object]], Tool]:
    """Make a tool of a function: its type hints are the schema, its docstring the description.

    A parameter annotated ``Call`` receives the call and is not in the schema. ``preview`` and
    ``reconcile`` are functions that take any of the tool's parameters, by the same names. A tool
    that declares no ``effect`` is irreversible, so it is asked about and never repeated blindly.

    Raises:
        Misconfigured: naming file and line, where the function cannot be a tool.
    """
    declared = _Declared(
        effect=effect,
        timeout_seconds=timeout_seconds,
        secrets=tuple(secrets),
        untrusted=untrusted,
        preview=preview,
        reconcile=reconcile,
        name=name,
        source=source,
    )
    return declared.made_of if function is None else declared.made_of(function)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    effect: Effect
    timeout_seconds: float
    secrets: tuple[str, ...]
    untrusted: bool
    preview: Callable[..., Preview] | None
    reconcile: Callable[..., Reconciled | None] | None
    name: str | None
    source: str

    def made_of(self, function: Callable[..., object]) -> Tool:
        name = self.name or cast("str", getattr(function, "__name__", "tool"))
        described = describe(function.__doc__)
        signature = signature_of(function, texts=described.parameters)
        self._check(function, name, described.text)
        for parameter in described.parameters:
            if parameter not in signature.names and parameter != signature.call:
                raise _wrong(
                    function, name, f"its docstring tells of {parameter!r}, which it lacks"
                )

        def run(arguments: JsonObject, call: Call) -> Json:
            # The runner turns whatever comes back into JSON, or says why it cannot.
            return cast("Json", signature.invoke(arguments, call))

        return Tool(
            name=name,
            description=described.text,
            parameters=signature.schema(),
            effect=self.effect,
            run=run,
            timeout_seconds=self.timeout_seconds,
            preview=cast(
                "Callable[[JsonObject, Call], Preview] | None",
                _hook(self.preview, of=signature, name=name),
            ),
            reconcile=cast(
                "Callable[[JsonObject, Call], Reconciled | None] | None",
                _hook(self.reconcile, of=signature, name=name),
            ),
            secrets=self.secrets,
            source=self.source,
            untrusted=self.untrusted,
        )

    def _check(self, function: Callable[..., object], name: str, description: str) -> None:
        if re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}", name) is None:
            raise _wrong(function, name, "a name is up to 64 letters, digits, _ and -")
        if not description:
            raise _wrong(function, name, "write a docstring: it is what a model knows of the tool")
        if not 0 < self.timeout_seconds <= 3600:
            raise _wrong(function, name, "timeout_seconds lies above 0 and up to 3600")


def _hook(
    function: _Hook | None, *, of: Signature, name: str
) -> Callable[[JsonObject, Call], object] | None:
    if function is None:
        return None
    hook = signature_of(function)
    for parameter in hook.names:
        if parameter not in of.names:
            raise _wrong(function, name, f"takes {parameter!r}, which the tool does not")
    # The tool's own types, whatever the hook says of them, and its defaults where it has none.
    defaults = {
        parameter.name: cast("object", parameter.default)
        for parameter in inspect.signature(of.function).parameters.values()
        if parameter.default is not parameter.empty
    }

    def ask(arguments: JsonObject, call: Call) -> object:
        given = {**defaults, **of.read(arguments)}
        wanted = {key: value for key, value in given.items() if key in hook.names}
        if hook.call is not None:
            wanted[hook.call] = call
        return function(**wanted)

    return ask


def _wrong(function: Callable[..., object], name: str, complaint: str) -> Misconfigured:
    code = function.__code__ if inspect.isfunction(function) else None
    where = f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)
    return Misconfigured(f"{where}: tool {name!r}: {complaint}")
