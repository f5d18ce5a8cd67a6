"""TCPRoutes: see `vcli.syncer.kinds.routes`."""

from typing import Final

from vcli.kube.resources import TCPROUTES
from vcli.syncer.kinds.routes import route_kind

TO_HOST: Final = route_kind(TCPROUTES)
