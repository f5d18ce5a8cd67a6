"""Keys of vcluster.yaml and of the charts of 2023 that the schema does not have, and what they mean here."""

from typing import Final

from vcli.config.known import charts_2023, control_plane, programs_2023, sections
from vcli.config.known.entry import Key

KNOWN: Final[dict[str, Key]] = {
    key.path: key for key in (*control_plane.KEYS, *sections.KEYS, *charts_2023.KEYS, *programs_2023.KEYS)
}
"""By path. A key that the schema has is that of the schema: this table is not asked for it."""

__all__ = ["KNOWN", "Key"]
