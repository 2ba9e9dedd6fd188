"""Secrets of a workflow: from the worker's environment, and only those it declares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from runtime.catalog.workflow.document import Workflow
from runtime.domain.json import Json
from runtime.observability.redaction import unmistakable
from runtime.workflows.problem import fault

_PREFIX = "WORKFLOW_SECRET_"


def variable_of(name: str) -> str:
    """Name a secret's environment variable: ``WORKFLOW_SECRET_PET_STORE`` for ``pet-store``."""
    return _PREFIX + re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").upper()


def secrets_of(workflow: Workflow, environment: Mapping[str, str], *, at: str) -> Json:
    """Give all secrets a workflow declares. Raises ``Faulted`` where one is not set."""
    return {name: secret(workflow, name, environment, at=at) for name in workflow.use.secrets}


def values_of(workflow: Workflow, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Give what must not come back in an answer: every text in the secrets that are set."""
    texts = [environment.get(variable_of(name)) for name in workflow.use.secrets]
    found = [one for text in texts if text for one in (text, *_within(text))]
    return unmistakable(found)


def _within(text: str) -> Iterator[str]:
    try:
        value = cast("Json", json.loads(text))
    except ValueError:
        return
    if isinstance(value, Mapping):
        yield from (one for one in value.values() if isinstance(one, str))


def secret(workflow: Workflow, name: str, environment: Mapping[str, str], *, at: str) -> Json:
    """Give one secret: an object where the variable holds one as JSON, else a text.

    Raises ``Faulted`` where the workflow does not declare it, or it is not set.
    """
    if name not in workflow.use.secrets:
        words = f"the workflow does not declare the secret {name!r}; add it to use.secrets"
        raise fault("authorization", words, at=at)
    text = environment.get(variable_of(name))
    if text is None:
        words = f"the secret {name!r} is not set; set {variable_of(name)} for the worker"
        raise fault("authorization", words, at=at)
    try:
        value = cast("Json", json.loads(text))
    except ValueError:
        return text
    return value if isinstance(value, Mapping) else text
