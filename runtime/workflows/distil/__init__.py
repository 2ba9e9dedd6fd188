"""From adaptive to deterministic: a plan that worked, written down as a workflow.

``lifting.py`` finds the values of the request, which become inputs; ``expressing.py`` spells what a
plan passes on as expressions; ``document.py`` puts the document together, with comments for whoever
reviews it. What is made is read by the same loader as any other workflow.
"""
