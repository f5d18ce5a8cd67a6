"""What stands in the chart in place of what stands in the manifest of k3s."""

# ruff: noqa: E501  Go templates are one line each

from typing import Final

from vcli.controlplane.chart_pieces import Edit, block_or, pull_policy

_SHELL: Final = "          command:\n            - sh\n            - -ec\n"
_NAMED: Final = "            - k3s\n          args:\n"
_LAST_FLAG: Final = (
    "-persistentvolume-expander,-cloud-node-lifecycle,-ttl\n          # The last one is read by nobody"
)

K3S_EDITS: Final[tuple[Edit, ...]] = (
    (
        "        - name: k3s\n          image: docker.io/rancher/k3s\n",
        """\
        - name: k3s
          image: {{ include "vcli.image" (dict "image" $k3s.image "tag" (include "vcli.version" . | replace "+" "-") "mirror" $mirror) | quote }}
"""
        + pull_policy("$k3s.imagePullPolicy"),
    ),
    (
        _SHELL,
        "          {{- with $k3s.command }}\n          command:\n            {{- toYaml . | nindent 12 }}\n"
        "          {{- else }}\n" + _SHELL,
    ),
    (_NAMED, _NAMED.replace("          args:", "          {{- end }}\n          args:")),
    (
        _LAST_FLAG,
        _LAST_FLAG.replace(
            "          #",
            """\
            - --cluster-domain={{ .Values.networking.advanced.clusterDomain }}
            # By default it names the node's address, which no certificate has.
            - --kube-apiserver-arg=service-account-jwks-uri={{ $issuer }}/openid/v1/jwks
            {{- range $k3s.extraArgs }}
            - {{ . | toJson }}
            {{- end }}
          #""",
        ),
    ),
    block_or(
        '$k3s.resources | default (get $shares "k3s")',
        "resources:\n  requests: {cpu: 140m, memory: 288Mi}\n  limits: {memory: 3Gi}",
        10,
    ),
)
