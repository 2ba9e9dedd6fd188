"""Pure values and rules; standard library only.

``errors`` (who must act), ``states`` (what may follow what), ``step`` and ``run`` (the tree of
work), ``approval`` (what people are asked), ``conversation`` (people and places), ``delivery``
(what is to be said), ``plan`` (what the orchestrator decided), ``effects`` (what a call does to
the world), ``ids`` and ``canonical`` (names and digests), ``ports`` (what the outside provides).
"""
