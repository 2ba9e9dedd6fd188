"""Whose fault a failed model call is, in the provider's words without its secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast

from runtime.domain.errors import BatonError, Misconfigured, Refused, TimedOut, Upstream

_LONGEST_WORDS = 500
_LONGEST_PAUSE_SECONDS = 3600.0
_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception|Timeout(?: Error)?)\s*(?::|-)\s+)+")
_NO_KEY = re.compile(r"(?i)\b(missing|no|set)\b.{0,60}\b(api[ _-]?key|credentials)")
_NO_QUOTA = re.compile(r"(?i)insufficient_quota|credit balance is too low")
_TOO_LONG = re.compile(
    r"(?i)context[ _](?:length|window)|maximum (?:context|prompt)|prompt is too long"
    r"|too many tokens"
)
_LIMIT = re.compile(r"(?i)(?:maximum|limit|length|window)\D{0,60}?(\d[\d,]{2,})\s*(?:tokens)?")
_UNKNOWN_PROVIDER = re.compile(r"(?i)LLM provider not provided|unknown provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What became of one try."""

    error: BatonError
    tries_again: bool
    """The same model may be asked again at once: it broke, it did not refuse."""
    tries_next: bool
    """Another model may do better."""


def classify(
    error: Exception,
    *,
    model: str,
    now: datetime,
    redact: Callable[[str], str],
    limit_tokens: Callable[[], int | None],
) -> Failure:
    """Sort a failed call of ``model``. Classes are told by name: this file loads no vendor SDK."""
    own = _own_error(error)
    if own is not None:
        return Failure(
            error=own,
            tries_again=isinstance(own, Upstream),
            tries_next=isinstance(own, Upstream),
        )
    names = {cls.__name__ for cls in type(error).__mro__}
    said = redact(_words(error))
    answered = _headers(error) is not None
    status = _status(error)
    if "ContextWindowExceededError" in names or (status in (400, 413) and _TOO_LONG.search(said)):
        return _refused(_too_long(model, said, limit_tokens()))
    if "ContentPolicyViolationError" in names:
        return _refused(f"the provider of {model!r} refused the content: {said}; rephrase it")
    if status == 402 or (status == 429 and _NO_QUOTA.search(_body(error) + said)):
        return _misconfigured(
            f"the account behind {model!r} is used up: {said}; top it up", tries_next=True
        )
    if status == 429 or "RateLimitError" in names:
        return _rate_limited(error, model=model, said=said, now=now)
    if status in (401, 403) or (not answered and _NO_KEY.search(said)):
        return _misconfigured(f"the key for {model!r} was not accepted: {said}; set the right one")
    if status == 404 or "UnsupportedParamsError" in names or _UNKNOWN_PROVIDER.search(said):
        return _misconfigured(f"the model {model!r} cannot be used: {said}; change models.yaml")
    if status in (400, 413, 422):
        return _refused(f"the provider of {model!r} refused the request: {said}; change it")
    if "Timeout" in names or status in (408, 504):
        slow = TimedOut(f"{model!r} gave no answer in time: {said}; it is tried again")
        return Failure(error=slow, tries_again=False, tries_next=True)
    pause = _retry_after(error, now=now)
    broken = Upstream(
        f"{model!r} failed: {said}; it is tried again",
        retry_after_seconds=pause,
        ambiguous=answered,
    )
    return Failure(error=broken, tries_again=pause is None, tries_next=True)


def combined(failures: list[tuple[str, BatonError]]) -> BatonError:
    """Give the one error for a call that no model answered: the first one's kind, all words."""
    first = failures[0][1]
    if len(failures) == 1:
        return first
    words = "; ".join(dict.fromkeys(error.public for _, error in failures))
    passing = [error for _, error in failures if isinstance(error, Upstream)]
    if not passing:
        return Misconfigured(words)
    pauses = [error.retry_after_seconds for error in passing]
    known = [pause for pause in pauses if pause is not None]
    return Upstream(
        words,
        # The soonest of them decides; a model that named no pause may be back at once.
        retry_after_seconds=min(known) if len(known) == len(pauses) else None,
        ambiguous=any(error.ambiguous for error in passing),
    )


def _own_error(error: BaseException) -> BatonError | None:
    """Find our own error below the library's wrapping, as the demonstration model raises it."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, BatonError):
            return cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return None


def _refused(words: str) -> Failure:
    return Failure(error=Refused(words), tries_again=False, tries_next=False)


def _misconfigured(words: str, *, tries_next: bool = False) -> Failure:
    return Failure(error=Misconfigured(words), tries_again=False, tries_next=tries_next)


def _rate_limited(error: Exception, *, model: str, said: str, now: datetime) -> Failure:
    upstream = Upstream(
        f"{model!r} is rate-limited: {said}; it is tried again",
        retry_after_seconds=_retry_after(error, now=now),
        ambiguous=False,
    )
    return Failure(error=upstream, tries_again=False, tries_next=True)


def _too_long(model: str, said: str, known: int | None) -> str:
    match = _LIMIT.search(said)
    stated = int(match.group(1).replace(",", "")) if match else known
    limit = f"its limit of {stated:,} tokens" if stated else "its limit"
    return f"the conversation is too long for {model!r}, over {limit}: {said}; shorten it"


def _words(error: Exception) -> str:
    # The library appends its own traceback to some texts; nobody outside needs it.
    text = str(error).split("Traceback (most recent call last)")[0].strip()
    text = _PREFIX.sub("", text).strip() or type(error).__name__
    first = " ".join(text.split())
    return (first if len(first) <= _LONGEST_WORDS else first[:_LONGEST_WORDS] + "…").rstrip(";. ")


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _body(error: Exception) -> str:
    body: object = getattr(error, "body", None)
    return str(body) if body is not None else ""


def _headers(error: Exception) -> Mapping[str, str] | None:
    """Give the provider's answer's headers; None when no answer came."""
    found = cast("object", getattr(error, "litellm_response_headers", None))
    if found is None:
        found = cast("object", getattr(getattr(error, "response", None), "headers", None))
    # Where no answer came, the library makes up a response without any header.
    if not isinstance(found, Mapping) or not found:
        return None
    headers = cast("Mapping[object, object]", found)
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _retry_after(error: Exception, *, now: datetime) -> float | None:
    headers = _headers(error)
    if headers is None:
        return None
    said = headers.get("retry-after", "").strip()
    milliseconds = headers.get("retry-after-ms", "").strip()
    try:
        if milliseconds:
            return _bounded(float(milliseconds) / 1000)
        return _bounded(float(said)) if said else None
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded((moment - now).total_seconds())


def _bounded(seconds: float) -> float | None:
    return min(max(seconds, 0.0), _LONGEST_PAUSE_SECONDS) if seconds == seconds else None
