"""Running code an agent wrote, where it can do nothing but compute."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from runtime.domain.effects import Effect
from runtime.domain.errors import Misconfigured, ToolFailed
from runtime.domain.json import JsonObject
from runtime.tools.confined import Confinement, Ended, Finished, Job, Limits, python
from runtime.tools.decorator import tool
from runtime.tools.tool import CONTAINED, Call, Tool

LONGEST_OUTPUT: Final = 20_000
_LIMITS: Final = Limits(seconds=20, cpu_seconds=20)


def script_tools(confinement: Confinement) -> list[Tool]:
    """Give ``run_python``."""

    def run_python(code: str, call: Call, files: list[str] | None = None) -> JsonObject:
        """Run Python code with the standard library and give what it prints.

        It has no network, sees no file but those named, keeps nothing, and ends after 20 seconds.

        Args:
            code: The program; print what you want to know.
            files: Names of files of the run that it may open by the same name.
        """
        given = {name: call.files.read(name) for name in files or []}
        if "program.py" in given:
            raise ToolFailed("a file cannot be called 'program.py' here; use another name")
        job = Job(
            command=python("program.py"),
            files={**given, "program.py": code.encode()},
            limits=_LIMITS,
        )
        try:
            finished = confinement.run(job)
        except Misconfigured as error:
            raise ToolFailed(error.public) from error
        return _told(finished)

    # Whatever its code holds, it reaches nothing.
    return [
        replace(tool(effect=Effect.READ, timeout_seconds=45)(run_python), labels=dict(CONTAINED))
    ]


def _told(finished: Finished) -> JsonObject:
    output = finished.output.decode(errors="replace")
    if finished.ended is not Ended.BY_ITSELF:
        raise ToolFailed(f"the program was stopped: {finished.ended}; let it do less")
    if finished.status != 0:
        errors = finished.errors.decode(errors="replace")[-2000:]
        raise ToolFailed(f"the program ended with {finished.status}: {errors}; correct it")
    return {"output": output[:LONGEST_OUTPUT], "truncated": len(output) > LONGEST_OUTPUT}
