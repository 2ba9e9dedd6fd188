"""What people are asked. The row is the approval; every card is a view of it.

``ask.py`` opens a question in the transaction that makes a step wait for it, ``decide.py`` answers
it by one conditional update, ``expire.py`` ends it when its time is up. Nothing but these three
changes an approval, and nothing at all approves by itself.
"""
