"""What may be done, by whose leave.

``policy`` (rules give allow, ask or deny), ``rule`` and ``condition`` (when one applies),
``parse`` (policy.yaml, with file and line in every complaint; ``located`` reads it),
``eligibility`` (who may decide in a ``case``, asked again at every click), ``binding`` (what a
decision is bound to), ``decision`` (the values all of them speak in).
"""
