"""What agents can do: capabilities with a schema, an effect and a time limit.

Reading order: ``tool`` (the contract), ``decorator`` (a typed function becomes a tool), ``schema``
(a model's argument text becomes checked arguments), ``registry`` (which tool an agent may use),
``runner`` (one call, with its limits and secrets), ``envelope`` (what the model is told). Then
``builtin`` (the tools that ship), ``network`` (where HTTP may go) and ``mcp`` (tools of others).

The names exported here are what ``agents/<name>/tools.py`` is written with; ``small_database`` is
for a tool that keeps something of its own.
"""

from runtime.domain.approval import Preview
from runtime.domain.effects import Effect
from runtime.domain.errors import ToolFailed
from runtime.tools.decorator import tool
from runtime.tools.small_database import small_database
from runtime.tools.tool import Call, Reconciled, Tool

__all__ = [
    "Call",
    "Effect",
    "Preview",
    "Reconciled",
    "Tool",
    "ToolFailed",
    "small_database",
    "tool",
]
