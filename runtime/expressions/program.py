"""Programs that are evaluated together over one input, spelled as one program."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from runtime.domain.errors import BadExpression
from runtime.expressions import names

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Programs over the same input and variables; make it once and evaluate it often."""

    programs: tuple[str, ...]
    variables: tuple[str, ...] = ()
    """Names they may read, without the dollar."""
    key: str = field(init=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        """Spell it. Raises ``BadExpression`` where a program names what it may not."""
        for program in self.programs:
            complaint = names.complaint(program)
            if complaint is not None:
                raise BadExpression(program, complaint)
        for name in self.variables:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a variable")
        text = _spell(self.programs, self.variables)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "key", hashlib.sha256(text.encode()).hexdigest())


def _spell(programs: tuple[str, ...], variables: tuple[str, ...]) -> str:
    """Give one program whose single output is a list: values of each program, or ``{e: error}``.

    All values and not the first alone, because ``first`` doubles the cost of a batch. The lines
    before each closing bracket end a comment, and one that a backslash carries on.
    """
    bound = "".join(f"| $__all.variables.{name} as ${name} " for name in variables)
    tries = ",".join(f"(try [{one}\n\n] catch {{e:.}})" for one in programs)
    return (
        ". as $__all "
        f"{bound}| $__all.value | "
        'def now: $__all.now // error("the time is not known here");'
        f"[{tries}]"
    )
