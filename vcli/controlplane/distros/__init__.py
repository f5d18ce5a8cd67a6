"""Distributions of Kubernetes: one module each, which has ``components(names, values, store)``."""
