"""Upkeep of the etcd in the control plane's pod; no kind of Kubernetes is known here."""
