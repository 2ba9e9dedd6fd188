"""The page at ``/``: a chat, live plan cards, approvals, and every run's trace and audit.

Read ``front`` (routes), ``guard`` (who may use it), ``api`` (what the page asks), ``watch`` (live
updates), ``shapes`` and ``markdown`` (what the page is given; it builds elements from values and
never from markup), ``channel`` (how the courier reaches it), then ``page/``.
"""
