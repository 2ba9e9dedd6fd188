"""Puts the front door together from its parts, over one database and one folder of agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from runtime.approvals.claim import Claims
from runtime.approvals.decide import Decisions
from runtime.approvals.grants import Grants
from runtime.approvals.hand_over import HandOvers
from runtime.approvals.inquire import Inquiries
from runtime.approvals.pinned import Policies
from runtime.catalog.catalog import Catalog
from runtime.catalog.current_policy import CurrentPolicy
from runtime.catalog.watch import Library
from runtime.domain.budget import Budget
from runtime.domain.ids import new_id
from runtime.domain.ports import Bell, Clock
from runtime.door.budgets import Budgets
from runtime.door.carry import Carrying
from runtime.door.distil import Distilling
from runtime.door.factors import Factors
from runtime.door.govern import Governing
from runtime.door.halting import Halting
from runtime.door.handing import open_handing
from runtime.door.hear import Hearing
from runtime.door.install import Installing
from runtime.door.look import Looking
from runtime.door.mine import Own
from runtime.door.packs import Packs
from runtime.door.people import People
from runtime.door.rate import Rating
from runtime.door.reach import Reaching
from runtime.door.rules import open_rules
from runtime.door.sight import Sight
from runtime.door.starting import open_starting
from runtime.door.steer import Steering
from runtime.expressions.evaluator import Evaluator
from runtime.observability.personal_data import Clean, cleaner
from runtime.service import Runtime
from runtime.storage.database import Database
from runtime.storage.seal import Seal
from runtime.tools.tool import Tool


def open_runtime(
    database: Database,
    *,
    clock: Clock,
    bell: Bell,
    library: Library,
    budget: Budget = Budget(),  # noqa: B008 - a frozen value
    seal: Seal | None = None,
    clean: Clean = cleaner(),  # noqa: B008 - it never changes
    email_domains: frozenset[str] = frozenset(),
    shared: Callable[[Catalog], Iterable[Tool]] | None = None,
) -> Runtime:
    """Put the front door together; ``shared`` are the tools at hand that no agent owns."""
    policy = CurrentPolicy(library)
    evaluator = Evaluator()
    people = People(database=database, clock=clock, domains=email_domains)
    hearing = Hearing(
        database=database,
        clock=clock,
        bell=bell,
        catalog=library.current,
        policy=policy,
        budget=budget,
        clean=clean,
    )
    policies = Policies(policy, evaluator)
    looking = Looking(database=database, clock=clock, policy=policy)
    sight = Sight(looking=looking, distilling=Distilling(database=database), people=people)
    return Runtime(
        database=database,
        hearing=hearing,
        decisions=Decisions(
            database=database, clock=clock, bell=bell, policies=policies, clean=clean
        ),
        claims=Claims(database=database, clock=clock, bell=bell, policy=policy),
        inquiries=Inquiries(database=database, clock=clock, bell=bell, policy=policy, clean=clean),
        steering=Steering(database=database, clock=clock, bell=bell, policy=policy, clean=clean),
        looking=looking,
        sight=sight,
        packs=Packs(database=database, clock=clock),
        spending=Budgets(database=database, clock=clock, policy=policy, library=library),
        own=Own(database=database, clock=clock, looking=looking, sight=sight),
        installing=Installing(database=database, clock=clock, seal=seal),
        people=people,
        starting=open_starting(hearing, people),
        reaching=Reaching(database=database, clock=clock, bell=bell, policy=policy),
        carrying=Carrying(database=database, clock=clock, bell=bell, courier=new_id("cur")),
        rating=Rating(database=database, clock=clock),
        library=library,
        evaluator=evaluator,
        governing=Governing(
            people=people,
            factors=Factors(database=database, clock=clock, people=people, seal=seal),
            hand_overs=HandOvers(database=database, clock=clock, policy=policy),
            handing=open_handing(looking, people, bell=bell, clean=clean),
            leave=Grants(database=database, clock=clock, policy=policy, clean=clean),
            rules=open_rules(library, policy, evaluator=evaluator, clock=clock, shared=shared),
            switch=Halting(database=database, clock=clock, bell=bell, policy=policy, clean=clean),
        ),
    )
