"""Values in the shape of vcluster.yaml: `load` them; `vcli.config.jsonschema` says what there is."""

from vcli.config.load import Given, from_mapping, load, read
from vcli.config.schema import Image, Values

__all__ = ["Given", "Image", "Values", "from_mapping", "load", "read"]
