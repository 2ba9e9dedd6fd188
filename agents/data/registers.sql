-- The registers that the shipped workflows keep. They are created as registers.sqlite in the data
-- directory at first start, and are empty then.

CREATE TABLE records (
    register TEXT NOT NULL,
    name     TEXT NOT NULL,
    fields   TEXT NOT NULL,
    noted_by TEXT NOT NULL,
    noted_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    PRIMARY KEY (register, name)
);
