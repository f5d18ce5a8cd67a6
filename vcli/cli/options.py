r"""The options that every command has, and the frame that gives them to a command.

How to write a command (one module, one verb)::

    from typing import Annotated
    import typer
    from vcli.cli.options import Common, Name, command
    from vcli.result import Column, Result

    @command
    async def delete(
        name: Name,
        *,
        keep_pvc: Annotated[bool, typer.Option("--keep-pvc", help="Leave the volume claims.")] = False,
        common: Common,
    ) -> Result:
        '''Remove a virtual cluster and everything that was made for it.'''
        from vcli.operations.delete import delete_cluster  # imported when it runs, so that --help is quick

        removed = await delete_cluster(name, namespace=common.namespace, steps=common.console)
        return Result(data={"name": name, "removed": removed}, messages=(f"deleted {name}",))

- ``async def`` is run by `vcli.cli.signals.run`: Ctrl-C, SIGTERM and SIGHUP cancel it, ``finally`` runs,
  the exit code is 130, 143 or 129.
- It raises `VcliError`; it never prints, and never exits. ``Result.exit_code`` carries a child's code.
- The docstring is the help text: first line a sentence, then paragraphs; examples below a line with only
  ``\b``, which keeps their line breaks.
- A family of commands (``host up``) is a `Group`; each module is entered in the table of `vcli.cli.app`.
- Nothing heavy (rich, yaml, httpx, asyncio) at import: the module is imported for its ``--help`` too.
"""

import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Any, TypeAlias, TypeVar

import typer

from vcli import inputs
from vcli.cli import readers
from vcli.cli.coercion import BOOLEANS, choice
from vcli.cli.completing import complete_contexts, complete_files, complete_names, complete_namespaces
from vcli.console import Console, LogFormat, Output
from vcli.invocation import Invocation, running

Name: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="Name of the virtual cluster.",
        parser=inputs.label,
        autocompletion=complete_names,
    ),
]
NewName: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the virtual cluster.", parser=inputs.label)
]
"""Of one that is yet to be: not completed."""
Yes: TypeAlias = Annotated[
    bool, typer.Option("--yes", "-y", envvar="VCLI_YES", help="Do it without asking. [VCLI_YES]")
]
"""Only for commands that ask: ``yes: Yes = False``, and then `vcli.console.Console.confirm`."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The common options of one run, wherever they came from: command line, then ``VCLI_*``, then defaults.

    ``timeout`` is in seconds, None when not given.
    """

    context: str | None = None
    kubeconfig: str | None = None
    namespace: str | None = None
    output: Output = Output.TABLE
    quiet: bool = False
    verbose: int = 0
    log_format: LogFormat = LogFormat.TEXT
    timeout: float | None = None
    console: Console = field(default_factory=Console)

    def invocation(self) -> AbstractContextManager[Invocation]:
        """The block in which this run is known to all that it calls."""
        return running(
            Invocation(
                kubeconfig=self.kubeconfig,
                context=self.context,
                seconds=self.timeout,
                notify=self.console.info,
            )
        )


@dataclass(slots=True)
class Session:
    """What one run of the program knows so far; it travels as the context's ``obj``."""

    console: Console = field(default_factory=Console)
    words: Sequence[str] = ()
    debug: bool = False


def common_options(
    *,
    context: Annotated[
        str | None,
        typer.Option(
            "--context",
            metavar="NAME",
            help="Kubeconfig context of the host cluster. [VCLI_CONTEXT]",
            autocompletion=complete_contexts,
        ),
    ] = None,
    kubeconfig: Annotated[
        str | None,
        typer.Option(
            "--kubeconfig",
            metavar="PATH",
            help="Kubeconfig file of the host. [VCLI_KUBECONFIG]",
            parser=readers.kubeconfig,
            autocompletion=complete_files,
        ),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace",
            "-n",
            metavar="NS",
            help="Namespace on the host. [VCLI_NAMESPACE]",
            parser=inputs.namespace,
            autocompletion=complete_namespaces,
        ),
    ] = None,
    output: Annotated[
        Output | None,
        typer.Option(
            "--output", "-o", metavar="FORMAT", help="table, json, yaml, name or wide. [VCLI_OUTPUT]"
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="TIME",
            help="Give up after this long: 30s, 5m, 1h. [VCLI_TIMEOUT]",
            parser=inputs.timeout,
        ),
    ] = None,
    quiet: Annotated[
        bool | None,
        typer.Option(
            "--quiet", "-q", "--silent", "-s", help="Say nothing but warnings and errors. [VCLI_QUIET]"
        ),
    ] = None,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, show_default=False, help="Say more; -vv still more. [VCLI_VERBOSE]"
        ),
    ] = 0,
    debug: Annotated[
        bool | None, typer.Option("--debug", help="As -vv and VCLI_DEBUG=1, with tracebacks.", hidden=True)
    ] = None,
    log_format: Annotated[
        LogFormat | None,
        typer.Option("--log-format", metavar="FORMAT", help="text or json, for stderr. [VCLI_LOG_FORMAT]"),
    ] = None,
) -> None:
    """Hold the declarations; never called."""


_PARAMETERS = inspect.signature(common_options).parameters
COMMON_NAMES = frozenset(_PARAMETERS)


def command(function: F) -> F:
    """Give a command the common options, as its keyword ``common``.

    A parameter whose type is a dataclass (`vcli.cli.values.ValueOptions`) gives the command the options
    that its fields declare, as parameters would.
    """
    signature = inspect.signature(function)
    # An option of the command's own takes the place of a common one of the same name.
    shared = [p for p in _PARAMETERS.values() if p.name not in signature.parameters]
    own: list[inspect.Parameter] = []
    bundles: dict[str, tuple[Any, list[str]]] = {}
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if parameter.name == "common":
            continue
        if isinstance(kind, type) and is_dataclass(kind):
            declared = fields(kind)
            bundles[parameter.name] = kind, [each.name for each in declared]
            own += [
                inspect.Parameter(each.name, parameter.kind, default=each.default, annotation=each.type)
                for each in declared
            ]
        else:
            own.append(parameter)

    @functools.wraps(function)
    def wrapper(ctx: typer.Context, **given: Any) -> Any:
        unset: dict[str, Any] = dict.fromkeys(COMMON_NAMES)
        common = collect(ctx, unset | {p.name: given.pop(p.name) for p in shared})
        for name, (kind, names) in bundles.items():
            given[name] = kind(**{each: given.pop(each) for each in names})
        if "common" in signature.parameters:
            given["common"] = common
        with common.invocation() as started:
            outcome = function(**given)
            if inspect.iscoroutine(outcome):
                from vcli.cli.limit import limited  # noqa: PLC0415  asyncio only where it is needed
                from vcli.cli.signals import run  # noqa: PLC0415

                if not common.verbose:
                    common.console.start_logging()
                return run(limited(outcome, started, doing=lambda: common.console.doing))
            return outcome

    return _with_parameters(wrapper, [*own, *shared])  # type: ignore[return-value]


def root(function: F) -> F:
    """Give the root callback the common options too: they may stand before the command's name."""

    @functools.wraps(function)
    def wrapper(ctx: typer.Context, **given: Any) -> Any:
        common = {name: given.pop(name) for name in COMMON_NAMES}
        ctx.meta["vcli.common"] = common
        return function(**given)

    own = inspect.signature(function).parameters.values()
    return _with_parameters(wrapper, [*own, *_PARAMETERS.values()])  # type: ignore[return-value]


def _with_parameters(wrapper: Callable[..., Any], parameters: list[inspect.Parameter]) -> Callable[..., Any]:
    first = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    rest = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    del vars(wrapper)["__wrapped__"]  # Typer must see this signature, not the inner one
    wrapper.__signature__ = inspect.Signature([first, *rest])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in [first, *rest]}
    return wrapper


def collect(ctx: typer.Context, given: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Common:
    """Merge the options after the command's name, those before it, the environment and the defaults.

    Raises:
        UsageError: an environment variable or the timeout makes no sense.
    """
    env = os.environ if environ is None else environ
    before: Mapping[str, Any] = ctx.find_root().meta.get("vcli.common", {})

    def pick(name: str) -> Any:
        value = given[name] if given[name] is not None else before.get(name)
        return _from_env(name, env) if value is None and name in _FROM_ENV else value

    verbose = given["verbose"] + before.get("verbose", 0) or int(_from_env("verbose", env) or 0)
    debug = bool(pick("debug"))
    verbose = max(verbose, _DEBUG) if debug else verbose
    options: dict[str, Any] = {
        "output": pick("output") or Output.TABLE,
        "log_format": pick("log_format") or LogFormat.TEXT,
        "quiet": bool(pick("quiet")),
        "verbose": verbose,
    }
    console = Console(**options)
    session = ctx.find_root().obj
    if isinstance(session, Session):
        session.console = console
        session.debug = debug
    if verbose:
        console.start_logging()
    return Common(
        context=pick("context"),
        kubeconfig=pick("kubeconfig"),
        namespace=pick("namespace"),
        timeout=pick("timeout"),
        console=console,
        **options,
    )


_FROM_ENV: dict[str, Callable[[str, str], Any]] = {
    "context": inputs.text,
    "kubeconfig": readers.kubeconfig,
    "namespace": inputs.namespace,
    "timeout": inputs.timeout,
    "output": choice({item.value: item for item in Output}),
    "log_format": choice({item.value: item for item in LogFormat}),
    "verbose": choice({str(n): n for n in range(10)} | {"true": 1, "false": 0}),
    "quiet": choice(BOOLEANS),
}
_DEBUG = 2
_MAY_BE_EMPTY = frozenset({"timeout", "output", "log_format", "verbose", "quiet"})
"""Variables that don't say what a command works on: an empty one is as good as none."""


def _from_env(name: str, env: Mapping[str, str]) -> Any:
    # `vcli connect NAME -- CMD` tells CMD the cluster by VCLI_NAME and VCLI_NAMESPACE. In there KUBECONFIG is
    # the virtual cluster's, where the host's namespace means nothing.
    if name == "namespace" and "VCLI_NAME" in env:
        return None
    variable = f"VCLI_{name.upper()}"
    text = env.get(variable)
    if text is None or (not text and name in _MAY_BE_EMPTY):
        return None
    return _FROM_ENV[name](text, variable)
