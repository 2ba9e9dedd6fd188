"""What is to be said, written in the transaction that made it true.

``announce.py`` tells people what the engine did; ``courier.py`` hands it out to be sent.
"""
