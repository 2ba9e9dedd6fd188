"""What people are asked. The row is the approval; every card is a view of it.

``ask.py`` opens a question in the transaction that makes a step wait for it, ``decide.py`` answers
it by one conditional update (``edit.py`` where the call is changed), ``expire.py`` ends it when its
time is up. Nothing but these changes what becomes of it, and nothing at all approves by itself.
Beside that, ``claim.py`` and ``inquire.py`` are what people do before they decide, ``standing.py``
is who may, and ``pinned.py`` by which policies.
"""
