"""Where the scheduler's container and volume end in the chart, which has them only if it is enabled."""

from typing import Final

_MOUNT: Final = "            - {name: scheduler-pki, mountPath: /pki, readOnly: true}\n"
_VOLUME: Final = "        - name: scheduler-pki\n"
_LAST_KEYS: Final = """\
              - {key: kube-scheduler.key, path: kube-scheduler.key}
              - {key: ca.crt, path: ca.crt}
"""
_END: Final = "        {{- end }}\n"

EDITS: Final = (
    (_MOUNT, _MOUNT + _END),
    (_VOLUME, "        {{- if $k8s.scheduler.enabled }}\n" + _VOLUME),
    (_LAST_KEYS, _LAST_KEYS + _END),
)
"""As in `vcli.controlplane.chart_edits`."""
