"""The engine: steps that survive. It knows runs and steps, and nothing of agents or chats.

Read in this order: ``context.py`` (what a handler may do), ``journal.py`` (how re-entry works),
``effects.py`` (intent before, outcome after, doubt in between), ``engine.py`` (claim, run, end,
wake), ``leases.py`` (who may write), ``sweep.py`` (what a crash left behind).

The promise: handlers run at least once; effects of tools that take our key happen effectively
once; effects of tools that do not happen at most once, and where the outcome is unknown a person
decides. Nothing that was acknowledged is lost.
"""
