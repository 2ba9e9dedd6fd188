"""A Slack of our own: the far side of every Slack test.

``SlackWorld.start()`` runs one in this process; ``python -m tests.worlds.slack`` runs one on its
own and ``SlackWorld.connect(url)`` holds it. Point the app's Slack base URL at ``world.api_url``,
sign with ``world.signing_secret``, give the app's endpoint to ``world.target(url)`` (or let it
connect by Socket Mode), then speak: ``world.mention(ADA, GENERAL, "hello")``. At the end assert
``world.violations == []``.

Read in this order: ``cast`` (who is there), ``values`` (what tests see), ``world`` and ``wishes``
(what tests do), ``state`` and its stores, ``web_api`` with ``methods`` (what the app calls),
``validation`` (what Slack would refuse), ``people``, ``events``, ``interactions`` and ``outbound``
(what the app is sent), ``faults``, ``control``, ``server``.
"""
