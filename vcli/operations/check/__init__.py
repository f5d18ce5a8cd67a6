"""What a host does for isolation, found out by trying; see `vcli.operations.check.run`."""
