-- The sample purchase ledger. It is created as ledger.sqlite in the data directory at first start.
-- Amounts are whole cents, so that no sum is ever off by one.

CREATE TABLE vendors (
    vendor TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    note   TEXT NOT NULL DEFAULT ''
);

CREATE TABLE budgets (
    department   TEXT PRIMARY KEY,
    yearly_cents INTEGER NOT NULL CHECK (yearly_cents >= 0)
);

-- Which department pays for an item unless somebody says otherwise. Items that are not listed
-- belong to whoever orders them, so the requester has to name a department.
CREATE TABLE cost_centres (
    item       TEXT PRIMARY KEY,
    department TEXT NOT NULL REFERENCES budgets (department)
);

CREATE TABLE purchase_orders (
    number           INTEGER PRIMARY KEY AUTOINCREMENT,
    call_key         TEXT NOT NULL UNIQUE, -- the same call again finds its order here
    vendor           TEXT NOT NULL REFERENCES vendors (vendor),
    item             TEXT NOT NULL,
    quantity         INTEGER NOT NULL CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents > 0),
    total_cents      INTEGER NOT NULL CHECK (total_cents = quantity * unit_price_cents),
    department       TEXT NOT NULL REFERENCES budgets (department),
    requested_by     TEXT NOT NULL,
    ordered_at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

-- What people and agents read: one line per department, in euros.
CREATE VIEW budget_left AS
SELECT
    b.department,
    b.yearly_cents / 100.0 AS budget_eur,
    COALESCE(SUM(o.total_cents), 0) / 100.0 AS ordered_eur,
    (b.yearly_cents - COALESCE(SUM(o.total_cents), 0)) / 100.0 AS left_eur
FROM budgets AS b
LEFT JOIN purchase_orders AS o ON o.department = b.department
GROUP BY b.department, b.yearly_cents;

INSERT INTO vendors (vendor, status, note) VALUES
    ('Nordlicht IT', 'active', 'framework contract'),
    ('Brightdesk Supply', 'active', ''),
    ('Castellan Systems', 'active', 'delivers within the week'),
    ('Fjord Computing', 'active', 'large quantities only'),
    ('Orchard Office', 'active', 'furniture and accessories'),
    ('Quickbyte Direct', 'suspended', 'two late deliveries, under review');

INSERT INTO budgets (department, yearly_cents) VALUES
    ('IT', 6000000),
    ('Sales', 2500000),
    ('Marketing', 1200000),
    ('Operations', 1800000);

INSERT INTO cost_centres (item, department) VALUES
    ('laptop', 'IT'),
    ('monitor', 'IT'),
    ('desk', 'Operations');

INSERT INTO purchase_orders
    (call_key, vendor, item, quantity, unit_price_cents, total_cents, department, requested_by, ordered_at)
VALUES
    ('opening-1', 'Castellan Systems', 'laptop', 10, 102900, 1029000, 'IT', 'opening balance', '2026-01-19T09:12:00Z'),
    ('opening-2', 'Nordlicht IT', 'monitor', 15, 23900, 358500, 'IT', 'opening balance', '2026-02-03T14:40:00Z'),
    ('opening-3', 'Brightdesk Supply', 'headset', 20, 7450, 149000, 'Sales', 'opening balance', '2026-02-24T08:05:00Z'),
    ('opening-4', 'Orchard Office', 'desk', 6, 41200, 247200, 'Operations', 'opening balance', '2026-03-11T10:30:00Z');
