"""``python -m vcli`` and the ``vcli`` program."""

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # The one question that scripts ask all the time is answered before anything is imported.
        from vcli import __version__  # noqa: PLC0415

        sys.stdout.write(f"vcli {__version__}\n")
        return 0
    try:
        from vcli.cli.run import run_cli  # noqa: PLC0415

        return run_cli()
    except KeyboardInterrupt:  # before there was anybody to take it
        sys.stderr.write("error: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
