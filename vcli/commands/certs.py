"""``vcli certs``."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from vcli import inputs
from vcli.cli.groups import Group
from vcli.cli.options import Common, Name, Yes
from vcli.errors import VcliError
from vcli.result import Column, Result

certs = Group("Certificates of a virtual cluster: see when they end, and renew them.")


def _names(row: Mapping[str, Any]) -> str:
    return ",".join(row["sans"])


COLUMNS = (
    Column("NAME", "name"),
    Column("STATUS", "status"),
    Column("DAYS", "daysLeft"),
    Column("EXPIRES", "notAfter"),
    Column("SUBJECT", "subject"),
    Column("PURPOSE", "purpose"),
    Column("ISSUER", "issuer", wide=True),
    Column("NAMES", _names, wide=True),
)


@certs.command("check")
async def check(
    name: Name,
    *,
    within: Annotated[
        int,
        typer.Option(
            "--within",
            metavar="DAYS",
            help="Exit code 1 also for one that ends within so many days: 30, 30d.",
            parser=inputs.days,
        ),
    ] = 30,
    common: Common,
) -> Result:
    r"""List the certificates of a virtual cluster, and fail when one has to be renewed.

    The exit code is 1 when one has expired, ends within 30 days (--within), can't be read, or is of another
    CA. They are read on the host, so the virtual cluster need not run.

    \b
    vcli certs check demo
    vcli certs check demo --within 0 -o json
    """
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415  --help must be quick

    from vcli.operations.certificate_ends import remedy  # noqa: PLC0415
    from vcli.operations.certificates import check_certificates  # noqa: PLC0415

    now = datetime.now(UTC)
    cluster, found = await check_certificates(
        name,
        within=timedelta(days=within),
        now=now,
        kubeconfig=common.kubeconfig,
        context=common.context,
        namespace=common.namespace,
    )
    result = Result(data=[each.data(now) for each in found], columns=COLUMNS)
    bad = [each for each in found if each.state != "good"]
    if not bad:
        return result
    common.console.show(result)
    states = dict.fromkeys(each.state for each in bad)
    said = (f"{', '.join(each.name for each in bad if each.state == state)} ({state})" for state in states)
    raise VcliError(
        f"certificates of virtual cluster {cluster.name!r} have to be renewed: {', '.join(said)}",
        hint=remedy(cluster.name, cluster.namespace, [each.name for each in bad]),
    )


@certs.command("rotate")
async def rotate(name: Name, *, common: Common) -> Result:
    r"""Renew all certificates of a virtual cluster but its CAs, without a restart.

    The API server answers all the time, pods and tunnels go on, and kubeconfigs stay valid. It also works
    when they have expired: only the host is asked. Who has an old key may use it until its certificate ends.

    \b
    vcli certs rotate demo
    """
    from datetime import UTC, datetime  # noqa: PLC0415  --help must be quick

    from vcli.operations.certificate_rotation import DEFAULT_TIMEOUT, rotate_certificates  # noqa: PLC0415
    from vcli.operations.certificates import examine  # noqa: PLC0415

    rotated = await rotate_certificates(
        name,
        kubeconfig=common.kubeconfig,
        context=common.context,
        namespace=common.namespace,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
        steps=common.console,
    )
    now = datetime.now(UTC)
    found = [each.data(now) for each in examine(rotated.files, now=now)]
    leaves = [each for each in found if each["subject"] != each["issuer"]]
    cluster = rotated.cluster
    end = min(each["notAfter"] for each in leaves)
    where = f"virtual cluster {cluster.name} in namespace {cluster.namespace}"
    said = f"renewed the certificates of {where}: they end {end}"
    data = {
        "name": cluster.name,
        "namespace": cluster.namespace,
        "served": rotated.served,
        "certificates": found,
    }
    return Result(data=data, text="", messages=(said,))


@certs.command("rotate-ca")
async def rotate_ca(
    name: Name,
    *,
    finish: Annotated[
        bool, typer.Option("--finish", help="The second step: the former CA is trusted no more.")
    ] = False,
    yes: Yes = False,
    common: Common,
) -> Result:
    r"""Give a virtual cluster another CA, in two steps, while everything runs.

    First new CAs are made, cross-signed by the former ones, all certificates are issued again, and both are
    trusted. kube-root-ca.crt follows in each namespace. When all clients have connected again, --finish drops
    the former ones. Tokens of ServiceAccounts and pods go on.

    Where a CA has expired the control plane's pods are made again, and one step is enough. One that keeps its
    data in its pod only loses it then: that takes --yes.

    \b
    vcli certs rotate-ca demo
    vcli certs rotate-ca demo --finish
    """
    from datetime import UTC, datetime  # noqa: PLC0415  --help must be quick

    from vcli.invocation import vcli  # noqa: PLC0415
    from vcli.operations.authority_rotation import rotate_authorities  # noqa: PLC0415
    from vcli.operations.certificate_rotation import DEFAULT_TIMEOUT  # noqa: PLC0415
    from vcli.operations.certificates import examine  # noqa: PLC0415

    rotated = await rotate_authorities(
        name,
        finish=finish,
        may_lose_data=yes,
        consent=common.console.confirm,
        kubeconfig=common.kubeconfig,
        context=common.context,
        namespace=common.namespace,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
        steps=common.console,
    )
    cluster, now = rotated.cluster, datetime.now(UTC)
    found = [each.data(now) for each in examine(rotated.files, now=now)]
    both = any(each["name"] == "ca-former" for each in found)
    where = f"virtual cluster {cluster.name} in namespace {cluster.namespace}"
    last = vcli("certs", "rotate-ca", cluster.name, "--finish", namespace=cluster.namespace)
    said = (
        f"{where} has a new CA, and trusts the former one too; when all clients have connected again, {last}"
        if both
        else f"{where} trusts its new CA alone"
    )
    data = {
        "name": cluster.name,
        "namespace": cluster.namespace,
        "served": rotated.served,
        "finished": not both,
        "certificates": found,
    }
    return Result(data=data, text="", messages=(said,))
