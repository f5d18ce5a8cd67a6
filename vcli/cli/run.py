"""The program: runs one command line, and turns the outcome into an exit code.

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 timed out or not ready, 5 exists or conflict, 6 host
unreachable or not allowed, 126/127 command not runnable/found, 128+n ended by signal n, 130 interrupted.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.main import get_command

from vcli.cli.app import app
from vcli.cli.options import Session
from vcli.console import Console, Output
from vcli.console.streams import let_go, open_closed, output_error, strict_stdout
from vcli.errors import InterruptError, UsageError, VcliError
from vcli.result import Result

_BROKEN_PIPE = 128 + 13
_TYPER_USAGE = typer.BadParameter.__mro__[1]  # its UsageError, which has no public name


def run_cli(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        argv: the arguments after the program's name; those of the process when None.

    Returns:
        The exit code. Everything else was written to stdout and stderr.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    open_closed()
    if "_VCLI_COMPLETE" in os.environ:
        return _complete()
    with strict_stdout():
        session = Session(console=Console(output=_asked_output(args)), words=tuple(args))
        code = _code(args, session)
    failure = let_go()
    if code or failure is None:
        return code
    if isinstance(failure, BrokenPipeError):
        return _BROKEN_PIPE
    session.console.fail(output_error(failure))
    return VcliError.exit_code


def _code(args: list[str], session: Session) -> int:
    try:
        return _run(args, session)
    except (KeyboardInterrupt, typer.Abort):
        session.console.fail(InterruptError("interrupted"))
        return InterruptError.exit_code
    except BrokenPipeError:
        # The reader of our output has ended (`vcli list | head -1`): there is nothing to say.
        return _BROKEN_PIPE


def _run(args: list[str], session: Session) -> int:
    try:
        outcome = get_command(app).main(args, prog_name="vcli", standalone_mode=False, obj=session)
        if isinstance(outcome, Result):
            session.console.show(outcome)
            return outcome.exit_code
        sys.stdout.flush()
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # Typer makes 1 of it
            raise error.__context__ from None
        raise
    except VcliError as error:
        _show_traceback(session)
        session.console.fail(error)
        return error.exit_code
    except (BrokenPipeError, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001  the last stop
        if isinstance(error, _TYPER_USAGE):
            session.console.fail(_usage_error(error))
            return UsageError.exit_code
        _show_traceback(session)
        session.console.fail(_unexpected(error))
        return VcliError.exit_code
    return outcome if isinstance(outcome, int) else 0


def _show_traceback(session: Session) -> None:
    if session.debug or os.environ.get("VCLI_DEBUG", "") not in {"", "0"}:
        import traceback  # noqa: PLC0415  start-up

        session.console.debug(traceback.format_exc().rstrip())


def _usage_error(error: Any) -> UsageError:
    """Typer's complaint in our form: a sentence, and the command whose help explains it."""
    message = " ".join(error.format_message().split()).rstrip(".")
    path = error.ctx.command_path if error.ctx is not None else "vcli"
    return UsageError(message[:1].lower() + message[1:], hint=f"run '{path} --help' for the options")


def _unexpected(error: Exception) -> VcliError:
    name, text = type(error).__name__, " ".join(str(error).split())[:300]
    return VcliError(
        f"unexpected error: {name}: {text}" if text else f"unexpected error: {name}",
        hint="run it again with VCLI_DEBUG=1 for the traceback; this is a bug, please report it",
    )


def _asked_output(args: Sequence[str]) -> Output:
    """The format of errors that happen before the options are understood."""
    asked = os.environ.get("VCLI_OUTPUT", "")
    own = list(args[: args.index("--")]) if "--" in args else list(args)
    for word, following in zip(own, [*own[1:], ""], strict=False):
        if word in {"-o", "--output"}:
            asked = following
        elif word.startswith("--output="):
            asked = word.removeprefix("--output=")
        elif word.startswith("-o") and not word.startswith("--"):
            asked = word[2:].removeprefix("=")
    return Output.JSON if asked.lower() == "json" else Output.TABLE


def _complete() -> int:
    """Answer the shell's question what may come next, within a second, whatever happens."""
    from vcli.cli.completing import guard, release  # noqa: PLC0415

    guard()
    try:
        from vcli.cli.shells import answer  # noqa: PLC0415

        sys.stdout.write(answer(get_command(app), os.environ))
    except (Exception, SystemExit):  # noqa: BLE001  a shell prompt is no place for errors
        return 0
    finally:
        let_go()
        release()
    return 0
