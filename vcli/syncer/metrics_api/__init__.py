"""How much CPU and memory the pods of the virtual cluster use, from the host's `metrics.k8s.io`."""
