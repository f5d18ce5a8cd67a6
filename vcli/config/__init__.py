"""Values in the shape of vcluster.yaml: `load` them, and ask `json_schema` what there is."""

from vcli.config.jsonschema import json_schema
from vcli.config.load import from_mapping, load
from vcli.config.schema import Image, Values

__all__ = ["Image", "Values", "from_mapping", "json_schema", "load"]
