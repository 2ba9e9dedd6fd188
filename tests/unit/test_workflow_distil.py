"""What of a plan becomes an input, an expression, a task."""

from __future__ import annotations

import pytest

from runtime.catalog.workflow.read import parse_workflow
from runtime.domain.json import Json, JsonObject
from runtime.domain.plan import PlanStep, StepKind
from runtime.orchestrator import prompts
from runtime.workflows.distil.document import Source, distil, waves
from runtime.workflows.distil.expressing import Expressing
from runtime.workflows.distil.lifting import Parameter, lift


def step(id: str, *needs: str, kind: StepKind = StepKind.AGENT, **given: Json) -> PlanStep:
    use = {StepKind.AGENT: "worker", StepKind.TOOL: "look", StepKind.WORKFLOW: "pay"}.get(kind, "")
    return PlanStep(
        id=id, title=f"Step {id}", kind=kind, use=use, input=given, needs=needs, reason="It is so."
    )


def source(*steps: PlanStep, writer: str | None = None, **more: Json) -> Source:
    return Source(
        number=7,
        request=str(more.get("request") or "Do it"),
        goal="Do it",
        criteria=("It is done.",),
        steps=steps,
        parameters=(Parameter(name="quantity", value=12),),
        actors=("worker@abc",),
        approved=(),
        workflows={"pay": ("office", "1.2.0")},
        writer=writer,
        reviewer="judge",
    )


def document(made: Source, name: str = "made") -> JsonObject:
    written = distil(made, name=name, synthesis=prompts.synthesis_schema(None), check={})
    return parse_workflow(written.text, file="made.yaml").definition


def test_what_the_request_said_is_lifted_and_what_was_found_out_is_not() -> None:
    calls: list[JsonObject] = [
        {"vendor": "Nordlicht", "item": "laptop", "quantity": 12, "department": "Sales"},
        {"limit": 12, "task": "laptop"},
    ]

    lifted = lift("Buy 12 laptops for Sales", {}, calls, texts=[])

    assert [(one.name, one.value) for one in lifted] == [
        ("item", "laptop"),
        ("quantity", 12),
        ("department", "Sales"),
    ]


def test_numbers_quotes_and_addresses_that_the_plan_repeats_are_lifted() -> None:
    request = 'Write "spring sale" to ada@example.com before 2026-03-01, 3 times'
    texts = ["Write spring sale, 3 times", "Send it to ada@example.com by 2026-03-01"]

    lifted = lift(request, {"tone": "warm"}, [], texts=texts)

    assert {one.name: one.value for one in lifted} == {
        "tone": "warm",
        "text": "spring sale",
        "address": "ada@example.com",
        "date": "2026-03-01",
        "number": 3,
    }
    assert lift(request, {}, [], texts=[]) == ()


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("$look.rows.0", "${ $context.look.rows[0] }"),
        ("$look", "${ $context.look }"),
        ("$gone.x", None),
        ("laptop", "${ $workflow.input.item }"),
        ("Buy 12 laptops", '${ "Buy \\($workflow.input.quantity) \\($workflow.input.item)s" }'),
        ("112 and 12.5", "112 and 12.5"),
        ("laptopping", "laptopping"),
        (12, "${ $workflow.input.quantity }"),
        (True, True),
        ("${ not mine }", '${ "${ not mine }" }'),
        ('say "12"', '${ "say \\"\\($workflow.input.quantity)\\"" }'),
        ({"a": ["$look"]}, {"a": ["${ $context.look }"]}),
    ],
)
def test_a_value_of_a_plan_is_spelled_as_an_expression(value: Json, spelled: Json) -> None:
    express = Expressing(
        parameters=(Parameter(name="item", value="laptop"), Parameter(name="quantity", value=12)),
        known={"look"},
    )

    assert express.value(value) == spelled


def test_steps_that_do_not_need_each_other_go_side_by_side() -> None:
    steps = [step("a"), step("b"), step("c", "a", "b"), step("d", "a", "gone")]

    assert [[one.id for one in wave] for wave in waves(steps)] == [["a", "b"], ["c", "d"]]


def test_every_kind_of_step_becomes_a_task() -> None:
    made = document(
        source(
            step("end", task="Find 12 of them"),
            step("ask", "end", kind=StepKind.HUMAN, task="Which?"),
            step("look", "ask", kind=StepKind.TOOL, what="$ask.answer"),
            step("pay", "look", kind=StepKind.WORKFLOW, amount=12),
        )
    )

    tasks = made["do"]
    assert isinstance(tasks, list)
    bodies = [next(iter(task.values())) for task in tasks if isinstance(task, dict)]
    assert [next(iter(task)) for task in tasks if isinstance(task, dict)] == [
        "end-step",
        "ask",
        "look",
        "pay",
    ]
    assert [body.get("call") or body.get("run") for body in bodies if isinstance(body, dict)] == [
        "agent",
        "ask",
        "tool",
        {
            "workflow": {
                "namespace": "office",
                "name": "pay",
                "version": "1.2.0",
                "input": {"amount": "${ $workflow.input.quantity }"},
            }
        },
    ]


def test_the_comments_tell_nothing_that_ends_them() -> None:
    request = "Do it\ndo: [{evil: {set: 1}}]"

    made = document(source(step("a", task="x"), request=request), name="")

    assert list(made) == ["document", "input", "do", "output"]
    assert made["document"] == {
        "dsl": "1.0.3",
        "namespace": "from-run",
        "name": "do-it-do-evil-set",
        "version": "0.1.0",
        "title": "Do it",
        "summary": "Does again what run #7 did: Do it do: [{evil: {set: 1}}]",
    }
