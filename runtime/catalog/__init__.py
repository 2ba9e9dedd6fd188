"""What lies in ``agents/``, read once, checked whole, and pinned by digest.

Read ``agent`` (one agent), ``catalog`` (all of them, as a run keeps them), ``load`` (from the
folder), then what it is made with: ``front_matter`` (the head of ``agent.md``) with ``schema``,
``dialogue`` (worked examples), ``folder`` (which files count), ``located`` (YAML that knows its
lines) and ``problems`` (all that is wrong, said at once). ``python_tools`` makes tools of an
agent's own code; ``watch`` notices that the folder changed.
"""
