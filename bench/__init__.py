"""How fast the product is, measured beside what it is compared with: ``python -m bench [name …]``.

One file a measurement; each gives ``Measured`` rows. ``table.py`` prints them, ``places.py`` starts
the databases and Redis they run on (real ones, durable, in a folder that is removed afterwards),
``workshop.py`` is an engine with the queue it has in one process, ``processes.py`` starts the real
``baton`` commands. Everything stays on this machine and ends by itself.
"""
