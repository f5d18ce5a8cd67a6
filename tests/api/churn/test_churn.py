"""Anything may happen in any order, and at rest the host is what the virtual cluster asks for.

Nothing is left over, nothing that ran was restarted, and the tenant's objects are as the tenant left them.

VCLI_CHURN_SEED (the first seed), VCLI_CHURN_EXAMPLES and VCLI_CHURN_STEPS make it longer, or repeat one:
the same seed and number of steps make the same script, though not the same races.
"""

import os

import pytest
from play import Play
from script import script

SEED = int(os.environ.get("VCLI_CHURN_SEED", "0"))
EXAMPLES = int(os.environ.get("VCLI_CHURN_EXAMPLES", "3"))
STEPS = int(os.environ.get("VCLI_CHURN_STEPS", "100"))


@pytest.mark.parametrize("seed", range(SEED, SEED + EXAMPLES))
async def test_whatever_happens_the_host_is_what_was_asked_for(play: Play, seed: int) -> None:
    await play.run(script(seed, STEPS))
