"""A Microsoft Teams on loopback: what the Bot Connector, its keys and its tokens do on the wire.

``world`` is what tests hold: people say and click things, faults are wished for. ``connector`` is
the HTTP side, ``signing`` the keys, ``activities`` what Teams sends, ``cards`` reads and presses
what was drawn, ``cast`` names everybody.
"""
