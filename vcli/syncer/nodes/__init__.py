"""Virtual Nodes: which there are, what they show, and their leases."""
