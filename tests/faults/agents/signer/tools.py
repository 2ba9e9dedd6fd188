"""A signature that cannot be undone, but can be looked up."""

from runtime.tools import Call, Effect, Reconciled, tool
from tests.faults.outside import Outside


def signed(call: Call) -> Reconciled:
    """Look the signature up."""
    happened = Outside.of(call.data).happened(call.key)
    return Reconciled(happened=happened, result={"signed": happened})


@tool(effect=Effect.IRREVERSIBLE, timeout_seconds=20, reconcile=signed)
def sign(amount: int, call: Call) -> dict[str, object]:
    """Sign.

    Args:
        amount: For how much.
    """
    return Outside.of(call.data).execute("sign", call.key, {"amount": amount})
