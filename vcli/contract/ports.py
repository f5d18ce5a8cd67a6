"""The ports of a control plane's pod."""

from typing import Final

API: Final = 8443
"""Of the virtual API; loft-sh's has it as well."""
HEALTH: Final = 8080
"""Where the syncer says whether it is ready."""
