"""Values in the shape of vcluster.yaml: `load` them; `vcli.config.jsonschema` says what there is."""

from vcli.config.load import from_mapping, load
from vcli.config.schema import Image, Values

__all__ = ["Image", "Values", "from_mapping", "load"]
