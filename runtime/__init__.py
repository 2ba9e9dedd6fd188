"""Everything durable: runs, steps, approvals, agents, models.

Start at ``service.py`` (class ``Runtime``, the only front door), then read downwards:
``orchestrator`` plans a run, ``agent`` does one task, ``tools``, ``approvals`` and ``models``
are what an agent reaches for, ``policy`` says what is allowed, ``durable`` makes all of it
survive a crash, ``storage`` and ``queue`` hold rows and ring bells, ``domain`` names things.

This package is synchronous, knows no chat vendor and no HTTP server, and never imports ``bots``.
"""
