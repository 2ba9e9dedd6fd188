"""The parts of the front door; ``runtime.opening`` puts them together behind ``Runtime``.

``hear.py`` takes what people say, ``steer.py`` what they want of a run, ``again.py`` reopens a run
that failed, ``look.py`` answers questions, ``carry.py`` serves the courier; ``people.py`` joins one
person's accounts, ``reach.py`` knows where people can be spoken to.
"""
