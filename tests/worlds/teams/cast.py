"""Who and what exists in the simulated Teams."""

from __future__ import annotations

from dataclasses import dataclass

TENANT = "7e0f1a52-0000-4000-8000-00000000a001"
OTHER_TENANT = "7e0f1a52-0000-4000-8000-00000000b002"
APP_ID = "2d4c6b8a-1111-4111-8111-111111111111"
PASSWORD = "cl1ent-s3cret-of-the-world"
BOT = f"28:{APP_ID}"
BOT_NAME = "Baton"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One account as the connector knows it."""

    id: str
    object_id: str
    name: str
    tenant: str = TENANT
    role: str = "user"
    email: str = ""
    sign_in: str = ""
    """The userPrincipalName; ``name@example.com`` where it is empty."""

    @property
    def principal(self) -> str:
        """Name the person as policies do."""
        return f"teams:{self.tenant}/{self.object_id}"


ADA = Member(id="29:1ada", object_id="aaaaaaaa-0000-4000-8000-000000000001", name="Ada")
BEN = Member(id="29:1ben", object_id="aaaaaaaa-0000-4000-8000-000000000002", name="Ben")
GUEST = Member(
    id="29:1gus", object_id="aaaaaaaa-0000-4000-8000-000000000003", name="Gus", role="guest"
)
STRANGER = Member(
    id="29:1str",
    object_id="aaaaaaaa-0000-4000-8000-000000000004",
    name="Stranger",
    tenant=OTHER_TENANT,
)
NAMELESS = Member(id="29:1non", object_id="", name="Nobody")
OLGA = Member(id="29:1olg", object_id="aaaaaaaa-0000-4000-8000-000000000005", name="Olga")
EVERYBODY = (ADA, BEN, OLGA, GUEST, STRANGER, NAMELESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One conversation."""

    id: str
    kind: str
    team: str = ""

    def thread(self, message_id: str) -> Chat:
        """Give the thread below a message of a channel."""
        return Chat(id=f"{self.id};messageid={message_id}", kind=self.kind, team=self.team)


PERSONAL = Chat(id="a:1personal-with-Ada_x-9", kind="personal")
GROUP = Chat(id="19:group0001@thread.v2", kind="groupChat")
CHANNEL = Chat(id="19:chan0001@thread.tacv2", kind="channel", team="19:team0001@thread.tacv2")
