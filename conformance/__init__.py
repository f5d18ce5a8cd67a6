"""Kubernetes' conformance suite against an embedded host and against a virtual cluster on it."""
