"""Who is on call: turns of a rotation, and exceptions from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runtime.domain.json import Json
from runtime.policy.located import Located
from runtime.policy.stages import check_principal, duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Somebody stands in for the rotation from one moment to another."""

    begins: datetime
    ends: datetime
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """A table. Each of ``rotation`` has a turn of ``turn_seconds``, from ``begins`` on."""

    begins: datetime
    turn_seconds: float
    rotation: tuple[str, ...]
    instead: tuple[Shift, ...] = ()

    def at(self, moment: datetime) -> tuple[str, ...]:
        """Give who is on call; nobody before it begins."""
        for shift in self.instead:
            if shift.begins <= moment < shift.ends:
                return shift.who
        if moment < self.begins or not self.rotation:
            return ()
        turn = (moment - self.begins) // timedelta(seconds=self.turn_seconds)
        return (self.rotation[turn % len(self.rotation)],)

    def spelled(self) -> Json:
        """Spell the table, for the policy's digest."""
        return {
            "begins": self.begins.isoformat(),
            "turn_seconds": self.turn_seconds,
            "rotation": list(self.rotation),
            "instead": [
                [shift.begins.isoformat(), shift.ends.isoformat(), list(shift.who)]
                for shift in self.instead
            ],
        }


def read_on_call(place: Located | None) -> dict[str, OnCall]:
    """Read the section ``on_call`` of policy.yaml."""
    if place is None:
        return {}
    return {name: _table(table) for name, table in place.entries().items()}


def _table(place: Located) -> OnCall:
    fields = place.fields(("begins", "turn", "rotation", "instead"))
    for needed in ("begins", "turn", "rotation"):
        if needed not in fields:
            place.wrong(f"an on-call table needs {needed!r}; write `{needed}: …`")
    instead = fields.get("instead")
    return OnCall(
        begins=_moment(fields["begins"]),
        turn_seconds=duration(fields["turn"]),
        rotation=_people(fields["rotation"]),
        instead=tuple(_shift(item) for item in instead.items()) if instead else (),
    )


def _shift(place: Located) -> Shift:
    fields = place.fields(("from", "until", "who"))
    for needed in ("from", "until", "who"):
        if needed not in fields:
            place.wrong(f"an exception needs {needed!r}; write `{needed}: …`")
    shift = Shift(
        begins=_moment(fields["from"]), ends=_moment(fields["until"]), who=_people(fields["who"])
    )
    if shift.ends <= shift.begins:
        fields["until"].wrong("it ends before it begins; write a later time")
    return shift


def _people(place: Located) -> tuple[str, ...]:
    people = place.texts()
    for person in people:
        check_principal(person, place)
    return people


def _moment(place: Located) -> datetime:
    raw = place.scalar()
    try:
        moment = datetime.fromisoformat(str(raw).replace("Z", "+00:00"))
    except ValueError:
        place.wrong(f"{raw!r} is no time; write it as '2026-03-02T09:00:00Z'")
    # A time without a zone is taken as UTC, as everywhere.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
