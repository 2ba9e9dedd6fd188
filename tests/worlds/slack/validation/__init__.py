"""What Slack documents, turned into checks.

Read in this order: ``reference`` (where the documentation lies), ``arguments`` (of a call),
``shapes`` (of blocks and views, by schema), ``limits`` (counts and lengths), ``inspector``
(all of them together).
"""
