"""What drives every kind: the work queue, the controllers that empty it, and the caches they read."""
