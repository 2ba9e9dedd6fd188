"""A scripted server of the OpenAI chat format: ``script`` (what it answers), ``server``.

By itself: ``python -m tests.worlds.openai --port 8089 --script FILE``, where FILE is YAML such as

    - model: stub                 # regular expressions, all optional
      contains: buy (?P<n>\\d+)    # in the text of any message
      last: approved              # in the text of the last message
      rounds: 0                   # turns with tool calls so far
      answers:                    # one after another; the last one stays
        - status: 429
          retry_after: "2"
        - tools: [{name: lookup, arguments: {item: laptop}}]
        - text: It is done.

``GET /requests`` tells what was asked of it.
"""

from tests.worlds.openai.script import Answer, Rule, Script
from tests.worlds.openai.server import OpenAIWorld, Received

__all__ = ["Answer", "OpenAIWorld", "Received", "Rule", "Script"]
