"""What the scout may do: looking changes nothing, a mark is left once under its key."""

from runtime.tools import Call, Effect, ToolFailed, tool
from tests.faults.outside import Outside


@tool(effect=Effect.READ, timeout_seconds=20)
def look_outside(place: str, call: Call) -> dict[str, object]:
    """Look at a place.

    Args:
        place: Where to look.
    """
    return Outside.of(call.data).execute("look_outside", call.key, {"place": place})


@tool(effect=Effect.WRITE, timeout_seconds=20)
def leave_mark(text: str, call: Call) -> dict[str, object]:
    """Leave a mark; the far side takes each key once.

    Args:
        text: What to write.
    """
    return Outside.of(call.data).execute("leave_mark", call.key, {"text": text})


@tool(effect=Effect.WRITE, timeout_seconds=20)
def balk(text: str, call: Call) -> dict[str, object]:
    """Refuse the first time, before anything is done; then leave a mark.

    Args:
        text: What to write.
    """
    if "/retry/" not in call.key:
        raise ToolFailed("not the first time; try again")
    return Outside.of(call.data).execute("balk", call.key, {"text": text})
