"""The queue rings the bell; the database holds the truth. Messages carry one id and nothing else.

``broker.py`` opens Dramatiq on Redis or in this process, ``waking.py`` makes an idle Redis
consumer start at once, ``actors.py`` binds two actors of three lines, ``bell.py`` is the port.
"""
