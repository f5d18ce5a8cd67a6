"""From values to the objects on the host that are a virtual cluster, and their application."""
