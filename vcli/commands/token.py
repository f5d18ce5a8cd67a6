"""``vcli token``."""

import json
import os

from vcli.cli.options import Common, Name, command
from vcli.result import Result


@command
async def token(name: Name, *, common: Common) -> Result:
    """Print the credentials of a virtual cluster, as kubectl asks for them.

    'vcli connect NAME --no-key' writes a kubeconfig that uses it.
    """
    from vcli.operations.token import credential  # noqa: PLC0415  --help must be quick

    found = await credential(
        name,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        environ=os.environ,
    )
    return Result(text=json.dumps(found))
