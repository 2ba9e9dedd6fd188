"""Workflows that start by themselves: who answers for them, where, and what is due next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runtime.domain.conversation import Person, Place
from runtime.domain.json import JsonObject


class ScheduleState(StrEnum):
    """Whether a workflow starts by itself."""

    OFF = "off"
    """Nobody answers for it yet."""
    ACTIVE = "active"
    PAUSED = "paused"
    """Somebody paused it; what is due meanwhile is not made up for."""
    STOPPED = "stopped"
    """It could not be started any more, because of its sponsor or its input; ``note`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """One workflow of a workspace that was set going."""

    workspace: str
    workflow: str
    sponsor: Person
    """Who answers for its runs: they are asked for in this name."""
    place: Place
    """Where its cards, approvals and answers appear."""
    input: JsonObject
    state: ScheduleState
    since: datetime
    spec: str
    """Digest of the schedule that ``due_at`` was worked out from."""
    due_at: datetime | None
    """None where nothing but an event, or the end of a run, starts it."""
    event_number: int
    """The last event that was looked at."""
    gathered: JsonObject
    """Events kept until all that are needed have come, by the index of their filter."""
    last_run: str | None
    last_number: int | None
    last_at: datetime | None
    note: str
    version: int
    approvals: Place | None = None
    """Where approvals of its runs appear as well; None where the run is alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """A workflow with a schedule, as lists show it."""

    workflow: str
    title: str
    when: str
    """The author's schedule in words: ``cron 0 7 * * 1 (Europe/Berlin)``."""
    state: ScheduleState
    sponsor: str
    sponsor_name: str
    due_at: datetime | None
    last_number: int | None
    last_at: datetime | None
    note: str
    has_approvals_channel: bool = False
    """Its approvals appear in a place of their own as well."""
    unanswered: bool = False
    """Its file does not say who may answer for it, so nobody can set it going; see ``note``."""
