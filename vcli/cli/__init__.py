"""The command line: the table of commands, how words become options, how help reads, and the exit code."""
