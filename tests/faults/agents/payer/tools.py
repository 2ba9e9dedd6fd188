"""A payment that cannot be undone, and of which nobody can be asked whether it happened."""

from runtime.tools import Call, Effect, tool
from tests.faults.outside import Outside


@tool(effect=Effect.IRREVERSIBLE, timeout_seconds=20)
def pay(amount: int, call: Call) -> dict[str, object]:
    """Pay.

    Args:
        amount: How much.
    """
    return Outside.of(call.data).execute("pay", call.key, {"amount": amount})
