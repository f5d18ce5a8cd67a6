"""One member of etcd, by its gRPC gateway: JSON over HTTP on the port for clients.

https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway: numbers of 64 bits are strings, zero is left out.
"""

from dataclasses import dataclass
from typing import Any, Final

from vcli.kube.client import Client
from vcli.kube.errors import ApiError
from vcli.kube.types import Object

NOSPACE: Final = "NOSPACE"
"""The alarm of a member that has reached its quota: writes are refused until it is taken back."""
_BLOCKED: Final = 120.0
"""Seconds that a defragmentation may take: some ten seconds a gigabyte on a slow disk."""
_OUT_OF_RANGE: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a member says of itself.

    Attributes:
        member: its id.
        revision: of the store; each write has one of its own.
        size: bytes of its file, by which the quota goes.
        in_use: bytes of that which hold something.
        quota: bytes; 0 where the member does not say (before etcd 3.6).
        alarms: those of this member that are raised, such as `NOSPACE`.
    """

    member: str
    revision: int
    size: int
    in_use: int
    quota: int
    alarms: frozenset[str]


class Member:
    """A member; all methods raise ``ApiError`` and ``Unreachable``.

    Args:
        client: whose server is the member's URL for clients.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def status(self) -> Status:
        """How it is."""
        found, raised = await self._ask("status"), await self._ask("alarm", action="GET")
        member = found["header"]["member_id"]
        return Status(
            member=member,
            revision=int(found["header"].get("revision", 0)),
            size=int(found.get("dbSize", 0)),
            in_use=int(found.get("dbSizeInUse", 0)),
            quota=int(found.get("dbSizeQuota", 0)),
            alarms=frozenset(
                each["alarm"] for each in raised.get("alarms", ()) if each.get("memberID") == member
            ),
        )

    async def compact(self, revision: int) -> None:
        """Forget all that was overwritten or deleted before a revision. What is there now stays."""
        try:
            await self._ask("compaction", below="kv", revision=str(revision), physical=True)
        except ApiError as error:
            if error.status != _OUT_OF_RANGE:  # that revision was compacted before
                raise

    async def defragment(self) -> None:
        """Give the space that is not in use back to the disk. The member answers nobody meanwhile."""
        await self._ask("defragment")

    async def disarm(self, status: Status, alarm: str) -> None:
        """Take an alarm of the member back."""
        await self._ask("alarm", action="DEACTIVATE", memberID=status.member, alarm=alarm)

    async def _ask(self, what: str, *, below: str = "maintenance", **fields: Any) -> Object:
        path = f"/v3/{below}/{what}"
        response = await self._client.request("POST", path, body=fields, timeout=_BLOCKED)
        return self._client.decoded(response, path)
