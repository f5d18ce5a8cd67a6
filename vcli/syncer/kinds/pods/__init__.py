"""Pods: the one kind whose controller has parts of its own."""
