"""Deterministic workflows, carried out on the durable engine.

Read ``handler.py`` first (where a step of kind ``workflow`` begins), then ``perform.py`` (one task,
with its data flow) and ``tasks/`` (what each kind of task does). ``flow.py`` has the values that
move, ``view.py`` what expressions see, ``problem.py`` how errors are spelled. What a workflow may
call is in ``calls/``.

A workflow is interpreted by walking its document. Whatever is no function of document and input is
journalled under the task's reference, so that entering again gives the same.
"""
