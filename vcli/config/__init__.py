"""Values in the shape of vcluster.yaml: `load` them; `vcli.config.jsonschema` says what there is."""

from vcli.config.image import Image
from vcli.config.load import Given, from_mapping, load, read
from vcli.config.schema import Values

__all__ = ["Given", "Image", "Values", "from_mapping", "load", "read"]
