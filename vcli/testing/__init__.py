"""Testing on virtual clusters: the pytest plugin (`vcli.testing.plugin`), which pytest finds by itself.

Fixtures: ``virtual_cluster`` (one for the whole run, also with xdist), ``virtual_namespace`` (one a test).
Options: ``--vcli-keep``, ``--vcli-values FILE``.
"""
