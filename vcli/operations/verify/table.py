"""All attempts, in the order in which they are shown."""

from typing import Final

from vcli.operations.verify import belongings, credentials, network, placing, pods, requests, services
from vcli.operations.verify.model import Attempt

ATTEMPTS: Final[tuple[Attempt, ...]] = (
    *pods.ATTEMPTS,
    *placing.ATTEMPTS,
    *belongings.ATTEMPTS,
    *services.ATTEMPTS,
    *network.ATTEMPTS,
    *requests.ATTEMPTS,
    *credentials.ATTEMPTS,
)
