"""The Web API's methods, one file for each family.

``method`` says what a method is given; the other files hold the methods by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.worlds.slack.methods import agents, chat, conversations, files, people, streams, views
from tests.worlds.slack.methods.method import Method

METHODS: Mapping[str, Method] = {
    **agents.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **people.METHODS,
    **streams.METHODS,
    **views.METHODS,
}
