"""What stands in the chart's StatefulSet where a database may be the store; see `vcli.controlplane.chart_edits`."""

# ruff: noqa: E501  Go templates are one line each

from typing import Final

from vcli.controlplane.chart_pieces import Edit, block_or, pull_policy

_ENDPOINT: Final = (
    "            - --endpoint=sqlite:///data/kine.db?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=30000"
    "&_txlock=immediate\n"
)
_LAST_FLAG: Final = "            - --metrics-bind-address=0\n"
_VARIABLE: Final = "            - {name: SQLITE_TMPDIR, value: /data}\n"
_RESOURCES: Final = "resources:\n  requests: {cpu: 25m, memory: 40Mi}\n  limits: {memory: 1Gi}"
_MOUNT: Final = "          volumeMounts:\n            - {name: data, mountPath: /data}\n"
_BEFORE_MOUNT: Final = "            requests: {cpu: 25m, memory: 40Mi}\n            limits: {memory: 1Gi}\n"
_FIRST_VOLUME: Final = "      volumes:\n"
_FILES: Final = "or $database.caFile $database.certFile"

KINE_EDITS: Final[tuple[Edit, ...]] = (
    (
        "        - name: kine\n          image: docker.io/rancher/kine\n",
        """\
        - name: kine
          image: {{ include "vcli.image" (dict "image" $kine.image "tag" "" "mirror" $mirror) | quote }}
"""
        + pull_policy("$k8s.imagePullPolicy"),
    ),
    (
        _ENDPOINT,
        "            {{- if $sqlite.enabled }}\n"
        + _ENDPOINT.replace("=FULL", '={{ ternary "OFF" "FULL" $ephemeral }}')
        + "            {{- end }}\n",
    ),
    (
        _LAST_FLAG,
        _LAST_FLAG
        + """\
            {{- if $database.enabled }}
            {{- range $flag, $key := dict "ca-file" $database.caFile "cert-file" $database.certFile "key-file" $database.keyFile }}
            {{- if $key }}
            - --{{ $flag }}=/store-tls/{{ $key }}
            {{- end }}
            {{- end }}
            {{- end }}
            {{- range $kine.extraArgs }}
            - {{ . | toJson }}
            {{- end }}
""",
    ),
    (
        _VARIABLE,
        f"""\
            {{{{- if $sqlite.enabled }}}}
{_VARIABLE}            {{{{- else }}}}
            - name: KINE_ENDPOINT
              valueFrom:
                secretKeyRef:
                  name: {{{{ ternary (printf "vc-datasource-%s" .Release.Name) $database.secretName (not (empty $database.dataSource)) | quote }}}}
                  key: dataSource
            {{{{- with $database.dataSource }}}}
            - {{name: DATABASE, value: {{{{ include "vcli.database" . | quote }}}}}}
            - {{name: CHECKSUM, value: {{{{ sha256sum . | trunc 4 | quote }}}}}}
            {{{{- end }}}}
            {{{{- end }}}}
""",
    ),
    (
        _BEFORE_MOUNT + _MOUNT,
        f"""\
{_BEFORE_MOUNT}          {{{{- if $sqlite.enabled }}}}
{_MOUNT}          {{{{- else if {_FILES} }}}}
          volumeMounts:
            - {{name: store-tls, mountPath: /store-tls, readOnly: true}}
          {{{{- else }}}}
          volumeMounts: []
          {{{{- end }}}}
""",
    ),
    block_or('$kine.resources | default (get $shares "kine")', _RESOURCES, 10),
    (
        _FIRST_VOLUME,
        f"""\
{_FIRST_VOLUME}        {{{{- if and $database.enabled ({_FILES}) }}}}
        - name: store-tls
          secret:
            secretName: {{{{ $database.secretName | quote }}}}
            defaultMode: 0440
        {{{{- end }}}}
""",
    ),
)
