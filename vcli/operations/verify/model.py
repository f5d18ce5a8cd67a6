"""What is tried, and how what comes of it is judged. Pure data."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from vcli.config.schema_policies import Policies
from vcli.operations.verify.observed import Observed
from vcli.operations.verify.scene import Scene

Profile = Literal["default", "isolated", "custom"]


class Closed(StrEnum):
    """What has to hold an attempt back: nothing, every virtual cluster, or one part of ``policies``."""

    NEVER = "never"
    ALWAYS = "always"
    POD_SECURITY = "policies.podSecurityStandard"
    NETWORK = "policies.networkPolicy"
    QUOTA = "policies.resourceQuota"
    LIMITS = "policies.limitRange"


OF_POLICIES: Final = frozenset({Closed.POD_SECURITY, Closed.NETWORK, Closed.QUOTA, Closed.LIMITS})
"""What ``--isolate`` turns on."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that a tenant could try.

    Attributes:
        name: stable, for reports: ``host-path``.
        group: what it belongs to: ``pods``.
        title: what is tried, in a few words.
        closed_by: what has to hold it back.
        run: tries it.
    """

    name: str
    group: str
    title: str
    closed_by: Closed
    run: Callable[[Scene], Awaitable[Observed]]

    def is_closed(self, parts: Collection[Closed]) -> bool:
        """Whether it has to be held back where these parts of the policies are on."""
        return self.closed_by is Closed.ALWAYS or self.closed_by in parts


class Verdict(StrEnum):
    """How what was seen compares with what is documented."""

    HELD = "held"
    OPEN = "open"
    """It got through, as documented: the profile does not close it."""
    THROUGH = "got through"
    """It got through, though the profile closes it."""
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """An attempt and what came of it.

    Attributes:
        attempt: what was tried.
        closed: whether it had to be held back.
        observed: what was seen.
    """

    attempt: Attempt
    closed: bool
    observed: Observed

    @property
    def verdict(self) -> Verdict:
        """What was seen beside what had to be."""
        if self.observed.skipped:
            return Verdict.SKIPPED
        if self.observed.through is None:
            return Verdict.UNKNOWN
        if not self.observed.through:
            return Verdict.HELD
        return Verdict.THROUGH if self.closed else Verdict.OPEN


def parts_of(policies: Policies) -> frozenset[Closed]:
    """The parts of the policies that are on."""
    on = {
        Closed.POD_SECURITY: bool(policies.enforced_standard),
        Closed.NETWORK: policies.network_policy.enabled,
        Closed.QUOTA: policies.has_quota,
        Closed.LIMITS: policies.has_limits,
    }
    return frozenset(part for part, is_on in on.items() if is_on)


def profile_of(parts: Collection[Closed]) -> Profile:
    """What a virtual cluster with these parts is called: custom when it has some of them."""
    if not parts:
        return "default"
    return "isolated" if frozenset(parts) >= OF_POLICIES else "custom"
