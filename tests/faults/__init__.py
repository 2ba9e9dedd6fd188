"""Kills, freezes, restarts and cuts; afterwards a checker reads the tables and the far side's log.

``outside.py`` is the world that counts, ``points.py`` the places where a process may be killed,
``product_process.py`` the product in a process that is forked by ``zygote.py``, ``checker.py``
the invariants, ``campaign.py`` many kills side by side.
"""
