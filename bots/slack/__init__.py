"""Slack: events, commands and clicks in, cards and answers out.

In, from the wire inwards: ``edge`` and ``signature`` (who may enter), ``app`` and ``socket`` (the
two doors), ``inbound``, ``identity`` and ``people`` (payloads into our values, pure), ``listeners``
and ``clicks`` (one call into the runtime each), ``directory`` and ``whisper`` (profiles, private
words), ``dialogs``.

Out: ``channel`` (posting, updating, finding), ``streams`` (answers that grow), ``rate`` and
``refusals`` (pace and errors), ``rendering`` with a file for each card, ``blocks`` and ``escape``
(all pure).
"""
