"""What people and programs see: data on stdout, talk and progress on stderr."""

from vcli.console.console import Console, LogFormat, Output, colors, fields, table

__all__ = ["Console", "LogFormat", "Output", "colors", "fields", "table"]
