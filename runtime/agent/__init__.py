"""One agent doing one task: ask the model, make the calls it wants, until it has an answer.

``loop.py`` is the loop, ``calls.py`` what happens to the calls of one turn, ``gate.py`` the way of
one call: ``judge.py`` asks policy, ``asking.py`` people, ``execution.py`` makes it. ``question.py``
asks the requester, ``transcript.py`` is what the model is told, ``shape.py`` what counts as an
answer, ``kit.py`` what an agent has at hand.
"""
