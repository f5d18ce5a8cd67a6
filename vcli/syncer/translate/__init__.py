"""Virtual object to host object, and what the host says back: pure functions on plain dicts.

Nothing here does I/O, keeps state or changes what it is given. ``keys`` names our labels and annotations,
``names`` makes host names, ``labels`` and ``metadata`` are shared by all kinds; then there is one module a
kind.
"""
