"""The verbs of those who decide and of those who answer for it."""

from __future__ import annotations

from bots.commands.verb import Verb

GOVERNING: tuple[Verb, ...] = (
    Verb(
        name="claim",
        usage="claim N",
        summary="say that you are looking at an approval",
        target="approval",
        target_required=True,
    ),
    Verb(
        name="ask",
        usage="ask N TEXT",
        summary="ask the requester something before you decide",
        target="approval",
        target_required=True,
        rest="question",
        rest_required=True,
    ),
    Verb(
        name="reassign",
        usage="reassign N PERSON [because REASON]",
        summary="let somebody else decide one approval in your place",
        target="approval",
        target_required=True,
        rest="person",
        rest_required=True,
    ),
    Verb(
        name="delegate",
        usage="delegate [PERSON [for 3d | until DATE]]",
        summary="let somebody decide in your place as well; without PERSON say who does",
        rest="person",
    ),
    Verb(
        name="away",
        usage="away [for 3d | until DATE] [to PERSON]",
        summary="be away: you are not asked, and PERSON decides where you may",
        rest="time",
    ),
    Verb(
        name="factor",
        usage="factor [new | CODE | remove CODE]",
        summary="have codes from a device of yours, for approvals that want a fresh one",
        rest="code",
    ),
    Verb(name="back", usage="back", summary="be back: nobody decides in your place any more"),
    Verb(
        name="grant",
        usage="grant RUN TOOL --uses N [--where NAME=VALUE] [--up-to NAME=SUM] [for 2h]",
        summary="let a run make calls you may approve, so many and no others, without asking",
        target="run",
        target_required=True,
        rest="grant",
        rest_required=True,
    ),
    Verb(name="grants", usage="grants [RUN]", summary="list what is granted", target="run"),
    Verb(
        name="revoke",
        usage="revoke GRANT",
        summary="take a grant back",
        target="grant",
        target_required=True,
    ),
    Verb(
        name="halt",
        usage="halt everything|workspace|tool NAME|agent NAME [--drill] REASON",
        summary="stop what is named at once, pending approvals included, until two people lift it",
        rest="scope",
    ),
    Verb(
        name="lift",
        usage="lift N",
        summary="agree to end a halt; it ends when two people have",
        target="halt",
        target_required=True,
    ),
    Verb(
        name="policy",
        usage="policy check | explain RUN | explain --tool T [--args JSON] [--as USER]",
        summary="say whether the policy is sound, or what it does about a call and why",
        rest="question",
        rest_required=True,
    ),
    Verb(name="halts", usage="halts", summary="list what is halted"),
)
