"""How much CPU and memory the pods of the virtual cluster use, as the host's `metrics.k8s.io` tells it."""
