"""``python -m vcli`` and the ``vcli`` program."""

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]) and sys.stdout is not None:
        # The one question that scripts ask all the time is answered before anything is imported.
        from vcli._version import __version__  # noqa: PLC0415

        try:
            sys.stdout.write(f"vcli {__version__}\n")
            sys.stdout.flush()
        except OSError:
            pass  # below is how that is said
        else:
            return 0
    # Each kubectl asks this before its first request.
    if sys.argv[1:2] == ["token"] and sys.stdout is not None and (code := _quick_token()) is not None:
        return code
    _let_ctrl_c_end_it()

    from vcli.cli.run import run_cli  # noqa: PLC0415

    return run_cli()


def _quick_token() -> int | None:
    from vcli.errors import VcliError  # noqa: PLC0415
    from vcli.operations import quick  # noqa: PLC0415

    try:
        if (answer := quick.run(sys.argv[2:])) is None:
            return None
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    except OSError:
        return None  # below is how that is said
    except VcliError as error:
        from vcli.console import Console  # noqa: PLC0415

        Console().fail(error)
        return error.exit_code
    return 0


def _let_ctrl_c_end_it() -> None:
    """Until a command has something to clean up, SIGINT is the kernel's, as SIGTERM is.

    A KeyboardInterrupt that meets a weakref's callback is printed and forgotten, and each import ends with
    one: a Ctrl-C in the first tenth of a second would be lost now and then.
    """
    import signal  # noqa: PLC0415

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup's SIG_IGN stays
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
