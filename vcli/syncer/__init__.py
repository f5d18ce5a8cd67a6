"""The syncer: runs beside a virtual control plane and makes its pods run on the host."""
