"""Where a virtual cluster's objects are kept: one module each, which has ``store(names, values, facts)``."""
