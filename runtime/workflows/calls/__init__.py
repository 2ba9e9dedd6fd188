"""What workflows can call: protocols, functions of theirs and of others, and Baton itself.

``gated.py`` is the way every effect takes, through the same gate as an agent's calls.
"""
