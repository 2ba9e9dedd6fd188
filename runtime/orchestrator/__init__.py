"""From a request to one validated answer: plan, dispatch, check, plan anew, synthesise.

``conduct.py`` is the whole story of a run in one page; ``planning.py`` gets a sound plan out of a
model, ``dispatch.py`` turns plan steps into tasks, ``judging.py`` puts the answer together and has
somebody else check it, ``prompts.py`` holds what the planner is told.
"""
