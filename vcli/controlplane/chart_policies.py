"""What of the Helm chart follows from `vcli.controlplane.policies`, as Go templates."""

import json
import re
from collections.abc import Mapping

from vcli.controlplane.policies import LIMITS, OWN_LIMITS, OWN_REQUESTS, QUOTA, REQUESTS

_ARGUMENTS = (
    "            - kube-apiserver\n",
    """\
            - kube-apiserver
            {{- with include "vcli.standard" . }}
            - --admission-control-config-file=/etc/vcli/admission/{{ . }}.yaml
            {{- end }}
""",
)
_MOUNT = (
    "            - {name: apiserver-pki, mountPath: /pki, readOnly: true}\n",
    """\
            - {name: apiserver-pki, mountPath: /pki, readOnly: true}
            {{- if include "vcli.standard" . }}
            - {name: admission, mountPath: /etc/vcli/admission, readOnly: true}
            {{- end }}
""",
)
_VOLUME = (
    "        - name: controller-manager-pki\n",
    """\
        {{- if include "vcli.standard" . }}
        - name: admission
          configMap:
            name: vc-admission-demo
        {{- end }}
        - name: controller-manager-pki
""",
)
EDITS = (_ARGUMENTS, _MOUNT, _VOLUME)
"""Of the StatefulSet, as in `vcli.controlplane.chart_edits`."""


def amounts() -> str:
    """The file ``_amounts.tpl``: the default amounts, as JSON."""
    tables = {"quota": QUOTA, "limits": LIMITS, "requests": REQUESTS}
    lines = [
        f'{{{{- define "vcli.{name}" -}}}}{json.dumps(dict(table))}{{{{- end -}}}}'
        for name, table in tables.items()
    ]
    return "\n".join(["{{/* The default amounts of policies. */}}", *lines, ""])


def limited(text: str) -> str:
    """The StatefulSet with limits for all of its containers where amounts count: also those of the values."""
    on = 'or (include "vcli.hasQuota" $) (include "vcli.hasLimits" $)'
    for key, own in (("requests", OWN_REQUESTS), ("limits", OWN_LIMITS)):
        more = f"{{{{ if {on} }}}}{_flow(own)}{{{{ end }}}}"
        text = re.sub(rf"({key}: {{[^}}\n]+)}}", rf"\1{more}}}", text)
    return re.sub(
        r"^( +)resources:\n +\{\{- toYaml \. \| nindent (\d+) \}\}",
        r'\1resources:\n\1  {{- include "vcli.limited" (dict "root" $ "resources" .) | nindent \2 }}',
        text,
        flags=re.MULTILINE,
    )


def helper() -> str:
    """A template for resources of the values, limited in the same way."""
    on = 'or (include "vcli.hasQuota" .root) (include "vcli.hasLimits" .root)'
    return f"""\
{{{{/* "resources" of the values with the limits that all containers have where amounts count. */}}}}
{{{{- define "vcli.limited" -}}}}
{{{{- if {on} -}}}}
{{{{- $own := {json.dumps(json.dumps({"requests": OWN_REQUESTS, "limits": OWN_LIMITS}))} | fromJson -}}}}
{{{{- mergeOverwrite $own (deepCopy .resources) | toYaml -}}}}
{{{{- else -}}}}
{{{{- toYaml .resources -}}}}
{{{{- end -}}}}
{{{{- end -}}}}
"""


def _flow(table: Mapping[str, str]) -> str:
    return "".join(f", {name}: {json.dumps(amount)}" for name, amount in table.items())
