"""The purchase ledger: reading it, and recording an order in it once."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from decimal import Decimal

from runtime.tools import Call, Effect, Preview, Reconciled, ToolFailed, small_database, tool

LEDGER = "ledger.sqlite"


@dataclass(frozen=True)
class Order:
    """A purchase order that may be recorded: vendor, budget and amounts were found in order."""

    vendor: str
    item: str
    quantity: int
    unit_price_cents: int
    department: str
    fingerprint: str
    """Digest of what the check stood on: the vendor's status and the department's budget."""

    @property
    def total_cents(self) -> int:
        return self.quantity * self.unit_price_cents


def preview_of_order(
    vendor: str, item: str, quantity: int, unit_price: float, department: str, call: Call
) -> Preview:
    with small_database(call.data / LEDGER, called="the ledger") as connection:
        order = checked(connection, vendor, item, quantity, unit_price, department)
    return Preview(
        what=(
            f"Order {order.quantity} × {order.item} from {order.vendor} at "
            f"{euros(order.unit_price_cents)} each, {euros(order.total_cents)} in total, "
            f"from the budget of {order.department}"
        ),
        where=f"purchase ledger ({LEDGER})",
        how_many=order.quantity,
        reversible=False,
        fingerprint=order.fingerprint,
    )


def find_order(call: Call) -> Reconciled:
    """The key is written with the order in one transaction, so its absence is an answer."""
    with small_database(call.data / LEDGER, called="the ledger") as connection:
        recorded = recorded_under(connection, call.key)
    return Reconciled(happened=recorded is not None, result=recorded)


@tool(
    effect=Effect.IRREVERSIBLE,
    timeout_seconds=20,
    preview=preview_of_order,
    reconcile=find_order,
)
def record_purchase_order(
    vendor: str, item: str, quantity: int, unit_price: float, department: str, call: Call
) -> dict[str, object]:
    """Record a purchase order in the ledger. It commits the department's budget.

    Args:
        vendor: The vendor's name as the ledger spells it; the vendor must be active.
        item: What is bought, in the singular, such as laptop.
        quantity: How many pieces, 1 or more.
        unit_price: Price of one piece in EUR, with at most two decimals.
        department: The department whose budget pays, as the ledger spells it.
    """
    with small_database(call.data / LEDGER, called="the ledger", write=True) as connection:
        recorded = recorded_under(connection, call.key)
        if recorded is not None:
            return recorded
        order = checked(connection, vendor, item, quantity, unit_price, department)
        connection.execute(
            "INSERT INTO purchase_orders (call_key, vendor, item, quantity, unit_price_cents,"
            " total_cents, department, requested_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(call.key, order.vendor, order.item, order.quantity, order.unit_price_cents),
                *(order.total_cents, order.department, call.principal),
            ),
        )
        recorded = recorded_under(connection, call.key)
        assert recorded is not None
        # A crash before the commit on leaving this block means: no order, and no key to find.
        return recorded


@tool(effect=Effect.READ, timeout_seconds=10)
def ledger_summary(call: Call) -> dict[str, object]:
    """Sum the ledger up: what each department has left, the vendors, and the latest orders."""
    with small_database(call.data / LEDGER, called="the ledger") as connection:
        return {
            "currency": "EUR",
            "departments": rows(
                connection,
                "SELECT department, budget_eur, ordered_eur, left_eur FROM budget_left"
                " ORDER BY department",
            ),
            "vendors": rows(connection, "SELECT vendor, status, note FROM vendors ORDER BY vendor"),
            "latest_orders": rows(
                connection,
                "SELECT 'PO-' || (1000 + number) AS \"order\", vendor, item, quantity,"
                " total_cents / 100.0 AS total_eur, department, ordered_at"
                " FROM purchase_orders ORDER BY number DESC LIMIT 5",
            ),
        }


def checked(
    connection: sqlite3.Connection,
    vendor: str,
    item: str,
    quantity: int,
    unit_price: float,
    department: str,
) -> Order:
    """Check an order against the ledger. Raises ``ToolFailed`` saying what to change."""
    if not item.strip():
        raise ToolFailed("item is empty; name what is bought")
    if quantity < 1:
        raise ToolFailed(f"quantity is {quantity!r}; order 1 or more")
    cents = Decimal(str(unit_price)) * 100
    if not cents.is_finite() or cents < 1 or cents != cents.to_integral_value():
        raise ToolFailed(f"unit_price is {unit_price!r}; write EUR with at most two decimals")
    vendor = active_vendor(connection, vendor)
    department, yearly, ordered = budget_of(connection, department)
    total = quantity * int(cents)
    if total > yearly - ordered:
        raise ToolFailed(
            f"the order costs {euros(total)} but {department!r} has {euros(yearly - ordered)} "
            "left; order fewer, find a cheaper offer, or ask which department pays"
        )
    stands_on = "\n".join([vendor, "active", department, str(yearly), str(ordered)])
    return Order(
        vendor=vendor,
        item=item.strip(),
        quantity=quantity,
        unit_price_cents=int(cents),
        department=department,
        fingerprint=hashlib.sha256(stands_on.encode()).hexdigest(),
    )


def active_vendor(connection: sqlite3.Connection, vendor: str) -> str:
    """Give the vendor's name as the ledger spells it."""
    known = rows(connection, "SELECT vendor, status, note FROM vendors ORDER BY vendor")
    active = ", ".join(str(row["vendor"]) for row in known if row["status"] == "active")
    for row in known:
        if alike(row["vendor"], vendor):
            if row["status"] == "active":
                return str(row["vendor"])
            why = row["note"] or "no reason given"
            raise ToolFailed(f"{row['vendor']!r} is {row['status']} ({why}); use one of: {active}")
    raise ToolFailed(f"the ledger knows no vendor {vendor!r}; use one of: {active}")


def budget_of(connection: sqlite3.Connection, department: str) -> tuple[str, int, int]:
    """Give a department as spelled in the ledger, its budget, and what is ordered, in cents."""
    known = rows(connection, "SELECT department, yearly_cents FROM budgets ORDER BY department")
    for row in known:
        if alike(row["department"], department):
            ordered = rows(
                connection,
                "SELECT COALESCE(SUM(total_cents), 0) AS cents FROM purchase_orders"
                " WHERE department = ?",
                str(row["department"]),
            )
            name, yearly = str(row["department"]), int(str(row["yearly_cents"]))
            return name, yearly, int(str(ordered[0]["cents"]))
    names = ", ".join(str(row["department"]) for row in known)
    raise ToolFailed(f"there is no budget of {department!r}; use one of: {names}")


def alike(known: object, given: str) -> bool:
    """People and models vary capitals and spaces; nothing else is forgiven where money moves."""
    return " ".join(str(known).split()).casefold() == " ".join(given.split()).casefold()


def recorded_under(connection: sqlite3.Connection, key: str) -> dict[str, object] | None:
    """Give the order that was recorded by the call with this key, as the tool returns it."""
    found = connection.execute(
        "SELECT number, vendor, item, quantity, unit_price_cents, total_cents, department,"
        " ordered_at FROM purchase_orders WHERE call_key = ?",
        (key,),
    ).fetchone()
    if found is None:
        return None
    _, yearly, ordered = budget_of(connection, found["department"])
    return {
        "order": f"PO-{1000 + found['number']}",
        "vendor": found["vendor"],
        "item": found["item"],
        "quantity": found["quantity"],
        "unit_price": found["unit_price_cents"] / 100,
        "total": found["total_cents"] / 100,
        "currency": "EUR",
        "department": found["department"],
        "budget_left": (yearly - ordered) / 100,
        "ordered_at": found["ordered_at"],
        "summary": (
            f"{found['quantity']} × {found['item']} from {found['vendor']} for "
            f"{euros(found['total_cents'])}, paid by {found['department']}, which has "
            f"{euros(yearly - ordered)} left"
        ),
    }


def rows(connection: sqlite3.Connection, sql: str, *values: str) -> list[dict[str, object]]:
    return [dict(row) for row in connection.execute(sql, values)]


def euros(cents: int) -> str:
    return f"{cents / 100:,.2f} EUR"
