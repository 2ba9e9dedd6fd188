"""What models say, without secrets and personal data, before anybody keeps or acts on it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from runtime.domain.errors import BatonError
from runtime.domain.json import Json
from runtime.models.completion import Completion, Models, Prompt
from runtime.observability.personal_data import Clean
from runtime.observability.redaction import unmistakable, without_keys
from runtime.tools.scrubbing import Scrubber


class Discreet(Models):
    """Takes out of answers, calls and error texts what tools would not be let say either.

    A model makes up or spells out what it was never told: it decodes, joins and remembers.
    """

    def __init__(self, models: Models, *, secrets: Iterable[str], hide: Clean) -> None:
        self._models = models
        self._scrubber = Scrubber(unmistakable(secrets), hide=lambda text: hide(without_keys(text)))

    def complete(self, prompt: Prompt) -> Completion:
        """Ask, and give what is fit to be kept."""
        try:
            completion = self._models.complete(prompt)
        except BatonError as error:
            # Providers quote in their errors what they were sent.
            error.public = self._scrubber.text(error.public)
            error.args = (error.public,)
            raise
        calls = tuple(
            replace(call, arguments=self._said(call.arguments)) for call in completion.tool_calls
        )
        return replace(completion, text=self._said(completion.text), tool_calls=calls)

    def _said(self, text: str) -> str:
        """Clean a text; one that is JSON stays JSON, and is looked at without its escapes."""
        try:
            value = cast("Json", json.loads(text))
            if isinstance(value, dict | list):
                clean = self._scrubber.json(value)
                text = text if clean == value else json.dumps(clean, ensure_ascii=False)
        except (ValueError, RecursionError):
            pass  # It is no JSON, or none that anybody would read.
        return self._scrubber.text(text)
