"""Tables of what surrounds an approval."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from runtime.storage.columns import JsonValue, path_column
from runtime.storage.row import Row, json_value, long_text, table, when_column


class ApprovalInquiryRow(Row, table=True):
    """A question to the requester about an approval, and its answer."""

    __tablename__ = "approval_inquiry"

    id: str = Field(primary_key=True)
    approval_id: str = Field(index=True)
    run_id: str = Field(index=True)
    asked_by: str
    asked_by_name: str
    text: str = Field(sa_column=long_text())
    surface: str
    at: datetime = Field(sa_column=when_column())
    answer: str = Field(default="", sa_column=long_text(default=""))
    answered_by_name: str = ""
    answered_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


class ApprovalHandoverRow(Row, table=True):
    """Who has handed their part in one approval to whom."""

    __tablename__ = "approval_handover"
    __table_args__ = (Index("approval_handover_by_run", "run_id"),)

    approval_id: str = Field(primary_key=True)
    principal: str = Field(primary_key=True)
    run_id: str
    name: str
    successor: str
    successor_name: str
    reason: str = Field(sa_column=long_text())
    stage: int
    surface: str
    at: datetime = Field(sa_column=when_column())


class AbsenceRow(Row, table=True):
    """Who is away or has handed their decisions on, by whom and until when."""

    __tablename__ = "absence"
    __table_args__ = (
        Index("absence_by_principal", "principal"),
        Index("absence_by_delegate", "delegate"),
    )

    id: str = Field(primary_key=True)
    workspace: str
    principal: str
    name: str
    delegate: str | None = None
    away: bool
    begins_at: datetime = Field(sa_column=when_column())
    until_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


class GrantRow(Row, table=True):
    """Leave given in advance for calls of one run."""

    __tablename__ = "scoped_grant"
    __table_args__ = (Index("scoped_grant_by_run", "run_id", "tool"),)

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    workspace: str
    run_id: str
    tool: str
    where: JsonValue = Field(default=None, sa_column=json_value())
    uses: int
    used: int = 0
    sum_path: str = ""
    sum_limit: float = 0.0
    sum_used: float = 0.0
    given_by: str
    given_by_name: str
    given_at: datetime = Field(sa_column=when_column())
    expires_at: datetime = Field(sa_column=when_column())
    revoked_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    revoked_by_name: str = ""


class GrantUseRow(Row, table=True):
    """One call that used a grant, by the call's key: a repeat of it uses no more."""

    __tablename__ = "scoped_grant_use"

    key: str = Field(sa_column=Column(path_column(), primary_key=True))
    grant_id: str
    amount: float
    at: datetime = Field(sa_column=when_column())


class HaltRow(Row, table=True):
    """What is stopped, and who has agreed to go on."""

    __tablename__ = "halt"

    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    scope: str
    name: str
    workspace: str
    by: str
    by_name: str
    reason: str = Field(sa_column=long_text())
    drill: bool
    at: datetime = Field(sa_column=when_column())
    lifted_by: JsonValue = Field(default=None, sa_column=json_value())
    lifted_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))


class BudgetAdditionRow(Row, table=True):
    """What somebody has added to a budget; ``key`` says whose, and of which day."""

    __tablename__ = "budget_addition"
    __table_args__ = (Index("budget_addition_by_key", "cap", "key"),)

    id: str = Field(primary_key=True)
    cap: str
    key: str
    usd: float
    tokens: int = Field(sa_column=Column(BigInteger, nullable=False))
    seconds: float
    run_id: str
    by: str
    at: datetime = Field(sa_column=when_column())


class SecondFactorRow(Row, table=True):
    """A device that makes codes for one account; counts once it was confirmed."""

    __tablename__ = "second_factor"

    principal: str = Field(primary_key=True)
    sealed: str = Field(sa_column=long_text())
    last_step: int = Field(sa_column=Column(BigInteger, nullable=False))
    failures: int
    locked_until: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    confirmed_at: datetime | None = Field(default=None, sa_column=when_column(nullable=True))
    at: datetime = Field(sa_column=when_column())


inquiry, absence, halt = map(table, (ApprovalInquiryRow, AbsenceRow, HaltRow))
budget_addition, second_factor = map(table, (BudgetAdditionRow, SecondFactorRow))
handover = table(ApprovalHandoverRow)
grant, grant_use = map(table, (GrantRow, GrantUseRow))
