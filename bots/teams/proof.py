"""What a verdict wants beside the press of a button: a code from a device, a reason. Pure."""

from __future__ import annotations

from bots.approval_builder import LONGEST_CODE
from bots.teams.elements import Element, small, text_input
from bots.teams.payload import Payload
from bots.views import ApprovalCard
from runtime.domain.approval import Verdict

LONGEST_REASON = 1_000
_NO_DEVICE = "You have no such device? Write to me in our own chat: factor new"


def proof_fields(view: ApprovalCard, verdict: Verdict, typed: Payload) -> list[Element]:
    """Give the fields a verdict wants; none where a press is enough.

    A code counts once, whatever becomes of it: it is the one thing that is not kept where the form
    has to be mended.
    """
    fields: list[Element] = []
    if verdict in view.code_for:
        fields += [_code(verdict), *small(_NO_DEVICE)]
    return [*fields, *reason_fields(view, verdict, typed, name=_why_id(verdict))]


def reason_fields(
    view: ApprovalCard, verdict: Verdict, typed: Payload, *, name: str
) -> list[Element]:
    """Give the field for the reason a verdict wants; none where it wants none."""
    if verdict not in view.reasons_for:
        return []
    return [
        text_input(
            name,
            label="Why?",
            placeholder="It is kept with the decision",
            error="Write a few words",
            limit=LONGEST_REASON,
            value=typed.text(name),
        )
    ]


def read_proof(data: Payload, verdict: Verdict) -> tuple[str, str]:
    """Give the code and the reason that were typed for a verdict; empty where none was."""
    code = data.text(_code_id(verdict)).strip()[:LONGEST_CODE]
    return code, data.text(_why_id(verdict)).strip()[:LONGEST_REASON]


def _code(verdict: Verdict) -> Element:
    return {
        "type": "Input.Text",
        "id": _code_id(verdict),
        "label": "Fresh code from your device",
        "placeholder": "123 456",
        "maxLength": LONGEST_CODE,
        "isRequired": True,
        "errorMessage": "Write the six digits that your authenticator app shows",
    }


def _code_id(verdict: Verdict) -> str:
    return f"code.{verdict.value}"


def _why_id(verdict: Verdict) -> str:
    return f"why.{verdict.value}"
