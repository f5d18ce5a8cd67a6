"""What stands in the chart's StatefulSet where the store may be outside; see `vcli.controlplane.chart_edits`.

These come before all other edits: they look for lines of the manifests.
"""

# ruff: noqa: E501  Go templates are one line each

from typing import Final

_SERVERS: Final = "            - --etcd-servers=http://127.0.0.1:2379\n"
_API_SERVER_MOUNT: Final = """\
            limits: {memory: 2Gi}
          volumeMounts:
            - {name: apiserver-pki, mountPath: /pki, readOnly: true}
"""
_AFTER_API_SERVER: Final = "        - name: controller-manager-pki\n"

STORE_EDITS: Final = (
    (
        _SERVERS,
        f"""\
            {{{{- if $external.enabled }}}}
            - --etcd-servers={{{{ $external.endpoint }}}}
            - --etcd-prefix={{{{ $external.prefix | default (printf "/vcli/%s/%s" .Release.Namespace .Release.Name) }}}}
            {{{{- if $external.tls.secretName }}}}
            - --etcd-cafile=/store-tls/{{{{ $external.tls.caFile }}}}
            {{{{- if $external.tls.certFile }}}}
            - --etcd-certfile=/store-tls/{{{{ $external.tls.certFile }}}}
            - --etcd-keyfile=/store-tls/{{{{ $external.tls.keyFile }}}}
            {{{{- end }}}}
            {{{{- end }}}}
            {{{{- else }}}}
{_SERVERS}            {{{{- if $database.enabled }}}}
            - --etcd-prefix=/vcli/{{{{ .Release.Namespace }}}}/{{{{ .Release.Name }}}}
            {{{{- end }}}}
            {{{{- end }}}}
""",
    ),
    (
        _API_SERVER_MOUNT,
        f"""\
{_API_SERVER_MOUNT}            {{{{- if and $external.enabled $external.tls.secretName }}}}
            - {{name: store-tls, mountPath: /store-tls, readOnly: true}}
            {{{{- end }}}}
""",
    ),
    (
        _AFTER_API_SERVER,
        f"""\
        {{{{- with ternary $external.tls.secretName "" $external.enabled }}}}
        - name: store-tls
          secret:
            secretName: {{{{ . | quote }}}}
            defaultMode: 0440
        {{{{- end }}}}
{_AFTER_API_SERVER}""",
    ),
)
