"""``vcli image``: the syncer's image."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vcli import inputs
from vcli.cli.completing import complete_files
from vcli.cli.groups import Group
from vcli.cli.options import Common
from vcli.cli.readers import file_to_make, file_to_read
from vcli.errors import UsageError
from vcli.result import Column, Result

image = Group(
    "Build the syncer image without Docker.\n\n"
    "The image holds the Python that runs vcli, vcli itself and its compiled extras if they are installed. "
    "Virtual clusters do without it: it is for a pinned syncer that starts faster. "
    "Name it with 'vcli create --syncer-image'."
)

Archive = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="An archive made by 'vcli image build'.",
        parser=file_to_read,
        autocompletion=complete_files,
    ),
]


@image.command("build")
def build(
    *,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME:TAG",
            help="Name of the image. [default: vcli-syncer:VERSION]",
            parser=inputs.image,
        ),
    ] = None,
    file: Annotated[
        Path,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE",
            help="Archive to write.",
            parser=file_to_make,
            autocompletion=complete_files,
        ),
    ] = Path("vcli-syncer.tar"),
    common: Common,
) -> Result:
    """Make the syncer image from the running interpreter, as an OCI archive."""
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415  imported when it runs, so that --help is quick
    from vcli.operations import image as operation  # noqa: PLC0415

    with ended_by_signals():
        built = operation.build(name=name or operation.DEFAULT_NAME, archive=file, steps=common.console)
    data = {"name": built.name, "archive": str(built.archive), "digest": built.digest, "size": built.size}
    columns = (Column("IMAGE", "name"), Column("ARCHIVE", "archive"), Column("DIGEST", "digest", wide=True))
    return Result(data=data, columns=columns, messages=(f"built {built.name} ({built.size >> 20} MiB)",))


@image.command("push")
def push(
    archive: Archive,
    *,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME:TAG",
            help="Where to; by default the name in the archive.",
            parser=inputs.image,
        ),
    ] = None,
    username: Annotated[
        str | None, typer.Option("--username", metavar="USER", help="User of the registry.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password or token from standard input.")
    ] = False,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Speak to the registry without TLS.")
    ] = False,
    common: Common,
) -> Result:
    """Upload the image in an archive to a registry.

    Without --username the credentials of 'docker login' are used.
    """
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415
    from vcli.host.registry import Credentials  # noqa: PLC0415
    from vcli.operations import image as operation  # noqa: PLC0415

    if bool(username) != password_stdin:
        raise UsageError(
            "--username and --password-stdin need each other",
            hint="as in: echo $TOKEN | vcli image push FILE --username USER --password-stdin",
        )
    login = Credentials(username, _password()) if username else None
    with ended_by_signals():
        pushed = operation.push(archive, name=name, login=login, plain_http=plain_http, steps=common.console)
    columns = (Column("IMAGE", "name"), Column("DIGEST", "digest"))
    return Result(
        data={"name": pushed.name, "digest": pushed.digest},
        columns=columns,
        messages=(f"pushed {pushed.name}",),
    )


def _password() -> str:
    try:
        return sys.stdin.read().rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise UsageError(f"can't read the password from standard input: {error}") from error


@image.command("load")
def load(
    archive: Archive,
    *,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="NAME",
            envvar="VCLI_HOST_NAME",
            help="Which embedded host, when there are several.",
        ),
    ] = "vcli-host",
    common: Common,
) -> Result:
    """Put the image in an archive into the embedded host."""
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415
    from vcli.operations import host_images as operation  # noqa: PLC0415

    with ended_by_signals():
        loaded = operation.load_image(archive, name=host, steps=common.console)
    return Result(
        data=[{"name": x} for x in loaded], columns=(Column("IMAGE", "name"),), messages=("image loaded",)
    )
