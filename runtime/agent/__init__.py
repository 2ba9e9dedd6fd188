"""One agent doing one task: ask the model, make the calls it wants, until it has an answer.

``loop.py`` is the loop, ``calls.py`` what happens to the calls of one turn, ``gate.py`` the way of
one call through policy and people, ``question.py`` asking the requester, ``transcript.py`` what
the model is told, ``output.py`` what counts as an answer, ``kit.py`` what an agent has at hand.
"""
