"""The published descriptions of Slack's methods and blocks, read from the conformance data."""

from __future__ import annotations

import os
from pathlib import Path

from tests.worlds.slack.payload import Payload, decode, table, text, texts

_PROJECT = Path(__file__).parents[4]


def conformance_folder() -> Path:
    """Give the folder of the conformance data, which may be absent."""
    named = os.environ.get("BATON_CONFORMANCE_DATA")
    return Path(named) if named else _PROJECT.parent / "shared" / "data"


_UPLOADS = frozenset({"files.getUploadURLExternal", "files.completeUploadExternal"})
"""Refused without their scope also where there is no reference to read that from."""


class Reference:
    """Method descriptions and block schemas, each file read once and only when asked for."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or conformance_folder()
        self._read: dict[str, Payload | None] = {}

    @property
    def present(self) -> bool:
        """Whether there is any data: without it only the built-in limits are checked."""
        return (self._folder / "slack-api-ref").is_dir()

    def method(self, name: str) -> Payload | None:
        """Give a method's description; None where the data has none."""
        return self._file(f"slack-api-ref/{name}.json")

    def schema(self, kind: str) -> Payload | None:
        """Give the JSON schema of a ``message``, ``modal`` or ``home``."""
        return self._file(f"slack-blocks/{kind}.schema.json")

    def errors(self, method: str) -> set[str]:
        """Give the error words the method documents, with those that every method may answer."""
        return {*COMMON_ERRORS, *table((self.method(method) or {}).get("errors"))}

    def bot_scopes(self, method: str) -> list[str]:
        """Give the scopes of which a bot token needs one."""
        known = self.method(method)
        if known is None:
            return ["files:write"] if method in _UPLOADS else []
        return texts(table(known.get("scope")).get("bot"))

    def tier(self, method: str) -> str:
        """Give the rate limit's name: ``t1`` to ``t5``; empty where none is written down."""
        return text((self.method(method) or {}).get("rate_limits"))

    def _file(self, name: str) -> Payload | None:
        if name not in self._read:
            path = self._folder / name
            self._read[name] = table(decode(path.read_text("utf-8"))) if path.is_file() else None
        return self._read[name]


COMMON_ERRORS: frozenset[str] = frozenset(
    {
        "access_denied",
        "accesslimited",
        "account_inactive",
        "channel_not_found",
        "deprecated_endpoint",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "fatal_error",
        "internal_error",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_auth",
        "invalid_blocks",
        "invalid_charset",
        "invalid_form_data",
        "invalid_post_type",
        "is_archived",
        "message_not_found",
        "method_deprecated",
        "missing_post_type",
        "missing_scope",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
        "team_access_not_granted",
        "team_added_to_org",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""Errors that pages of many methods share, or that field reports show on any."""
