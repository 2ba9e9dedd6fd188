"""The tables, and the only SQL in the product.

Read ``tables.py`` and the other files of tables (the schema, by SQLModel), ``database.py`` (how a
transaction is opened on SQLite and on PostgreSQL), then the statements, one file a noun. Hot
statements are Core, compiled once; there is no ORM session anywhere. ``connection.py`` is all that
other rooms see of SQLAlchemy.
``triggers.py`` makes the database refuse an illegal change of state; ``migrations/`` builds all of
it.
"""
