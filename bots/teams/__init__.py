"""Microsoft Teams: activities and card actions in, Adaptive Cards out.

In, from the wire inwards: ``edge`` (who may enter), with ``tokens_in`` and ``keys`` (Microsoft's
signatures) and ``service`` (where we speak at all); ``app`` (the door), ``turn`` (routing, the
only file that touches the Bot Framework SDK), ``inbound``, ``mentions``, ``said`` and ``people``
(activities into our values, pure), ``listeners``, ``clicks`` and ``starts`` (one call into the
runtime each), ``sighting`` (what clients tell of our own messages), ``directory`` and ``whisper``
(rosters, private words), ``audience`` (whose view of a card is their own), ``filing`` with
``consent`` and ``uploads`` (files into somebody's OneDrive).

Out: ``channel`` with ``stream`` (posting and updating, what it does in doubt), ``connector``,
``tokens_out``, ``pace`` and ``refusals`` (the wire), ``rendering`` with a file for each card,
``elements``, ``markdown`` and ``drawn`` (all pure).
"""
