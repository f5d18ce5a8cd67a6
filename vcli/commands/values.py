"""``vcli values``: what may stand in a values file, and whether one is right."""

from typing import Annotated

import typer

from vcli.cli.groups import Group
from vcli.cli.options import Common
from vcli.cli.values import Files, Profile
from vcli.errors import UsageError
from vcli.result import Column, Result

values = Group("Check values files, and say what may stand there.\n\nNo cluster is asked.")

ProfileName = Annotated[Profile, typer.Argument(metavar="NAME", help="Which one: ci.", show_default=False)]
_COLUMNS = (Column("SEVERITY", "severity"), Column("MESSAGE", "message"), Column("NEXT STEP", "hint"))


@values.command("schema")
def schema(*, common: Common) -> Result:
    r"""Print the JSON Schema of values, for editors.

    \b
    vcli values schema > vcli.schema.json
    """
    import json  # noqa: PLC0415  --help must be quick

    from vcli.config.jsonschema import json_schema  # noqa: PLC0415

    del common
    found = json_schema()
    return Result(data=found, text=json.dumps(found, indent=2) + "\n", names=("schema",))


@values.command("profile")
def profile(name: ProfileName, *, common: Common) -> Result:
    r"""Print the values that --profile NAME means, for a values file or the Helm chart.

    \b
    vcli values profile ci > ci.yaml
    helm install demo CHART -f ci.yaml
    """
    from vcli import yaml  # noqa: PLC0415  --help must be quick
    from vcli.config.profiles import values_of  # noqa: PLC0415

    del common
    found = values_of(name.value)
    return Result(data=found, text=yaml.dump(found), names=(name.value,))


@values.command("check")
def check(*, files: Files = None, common: Common) -> Result:
    r"""Say all that is wrong with values, and what has become of older keys.

    A vcluster.yaml and the values of a chart of 2023 are understood. The exit code is 2 if something is
    wrong. Whether a host allows what they ask for is not known here: 'vcli create --dry-run' asks it.

    \b
    vcli values check -f vcluster.yaml
    vcli values check -f vcluster.yaml -o json
    """
    from vcli.config import read  # noqa: PLC0415  --help must be quick
    from vcli.config.complaints import ValuesError  # noqa: PLC0415

    del common
    if not files:
        raise UsageError("no values file is named", hint="vcli values check -f vcluster.yaml")
    mistakes: tuple[UsageError, ...] = ()
    try:
        warnings = read(files).values().warnings
    except ValuesError as error:
        mistakes, warnings = error.complaints, error.warnings
    rows = [
        *({"severity": "error", "message": each.message, "hint": each.hint} for each in mistakes),
        *({"severity": "warning", "message": each, "hint": None} for each in warnings),
    ]
    return Result(
        data=rows,
        columns=_COLUMNS,
        names=tuple(str(row["message"]).partition(": ")[0] for row in rows),
        messages=() if rows else ("nothing to say: these values are right",),
        exit_code=UsageError.exit_code if mistakes else 0,
    )


@values.command("migrate")
def migrate(*, files: Files = None, common: Common) -> Result:
    r"""Write a values file in today's shape.

    A vcluster.yaml and the values of a chart of 2023 are understood, and your comments are kept. A comment
    says where each key was, and what is left out because nothing here has it. A file that 'values check'
    refuses is refused.

    \b
    vcli values migrate -f values.yaml > vcluster.yaml
    helm get values demo -o yaml | vcli values migrate -f -
    """
    from vcli.config.migrate import migrate as migrated  # noqa: PLC0415  --help must be quick

    del common
    if not files or len(files) > 1:
        raise UsageError("one values file must be named", hint="vcli values migrate -f values.yaml")
    done = migrated(files[0])
    return Result(
        data=done.data, text=done.text, yaml=done.text, names=tuple(done.data), messages=done.warnings
    )
