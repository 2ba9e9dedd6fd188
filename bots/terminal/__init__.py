"""``baton`` on the command line: the same verbs as in every chat, and the processes themselves.

Read ``main`` (what is started), ``arguments`` (what may be typed), ``perform`` (what it does),
``follow`` (staying with a run), ``live`` (a plan drawn in place), ``wiring`` (the only file that
knows the real processes), ``doctor`` and ``checks/`` (what is set up and what is not).
Nothing here is imported before it is needed, so that ``baton --help`` answers at once.
"""
