"""jq, the one expression language of the product, evaluated where it can do no harm.

Read ``evaluator.py`` first: it gives values for programs. A program is text somebody wrote, so it
is evaluated in a child process without environment, files or modules, and with bounded time and
memory; ``child.py`` is that process, ``children.py`` keeps a few of them. ``program.py`` spells
what is sent there, and ``names.py`` refuses what an expression has no business with.
"""
