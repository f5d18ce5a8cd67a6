"""What a tenant could try against a host and its neighbours, tried; see `vcli.operations.verify.run`."""
