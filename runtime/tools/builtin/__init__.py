"""The tools that ship, one file per concept.

``files`` and ``table`` (what a run reads and makes), ``database`` (SQL that cannot write, through
``read_only``), ``web`` (HTTP to public addresses), ``arithmetic`` (exact), ``moment`` (the time),
``memory`` (facts that outlive a run), ``script`` (code, confined), ``conversation`` (asking and
handing off, which the agent loop carries out).
"""

from __future__ import annotations

from runtime.domain.ports import Clock
from runtime.tools.builtin.arithmetic import arithmetic_tools
from runtime.tools.builtin.conversation import conversation_tools
from runtime.tools.builtin.database import database_tools
from runtime.tools.builtin.files import file_tools
from runtime.tools.builtin.memory import memory_tools
from runtime.tools.builtin.moment import moment_tools
from runtime.tools.builtin.script import script_tools
from runtime.tools.builtin.table import table_tools
from runtime.tools.builtin.web import web_tools
from runtime.tools.confined import Confinement
from runtime.tools.http import Http
from runtime.tools.tool import Tool


def builtin_tools(*, clock: Clock, http: Http) -> list[Tool]:
    """Give every tool that ships."""
    return [
        *file_tools(),
        *table_tools(),
        *database_tools(),
        *web_tools(http),
        *arithmetic_tools(),
        *moment_tools(clock),
        *memory_tools(),
        *script_tools(Confinement()),
        *conversation_tools(),
    ]
