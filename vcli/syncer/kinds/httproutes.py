"""HTTPRoutes: see `vcli.syncer.kinds.routes`."""

from typing import Final

from vcli.kube.resources import HTTPROUTES
from vcli.syncer.kinds.routes import route_kind

TO_HOST: Final = route_kind(HTTPROUTES)
