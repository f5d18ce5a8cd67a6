"""What stands in the chart in place of what stands in the manifests of rights: pairs of old and new text."""

# ruff: noqa: E501  Go templates are one line each

from vcli.controlplane.chart_pieces import Edit

RIGHTS: tuple[Edit, ...] = (
    (
        "  # Before these come those of the kinds that are synced: vcli/catalog.\n",
        '  {{- include "vcli.rules" . | nindent 2 }}\n',
    ),
    (
        "metadata:\n  name: vc-demo\nautomountServiceAccountToken: false\n",
        """\
metadata:
  name: vc-demo
  {{- include "vcli.metadata" (dict "root" . "own" .Values.controlPlane.advanced.serviceAccount) | nindent 2 }}
automountServiceAccountToken: false
{{- with .Values.controlPlane.advanced.serviceAccount.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
""",
    ),
    (
        "metadata:\n  name: vc-workload-demo\nautomountServiceAccountToken: false\n",
        """\
metadata:
  name: vc-workload-demo
  {{- include "vcli.metadata" (dict "root" . "own" .Values.controlPlane.advanced.workloadServiceAccount) | nindent 2 }}
automountServiceAccountToken: false
{{- with .Values.controlPlane.advanced.workloadServiceAccount.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
""",
    ),
    (
        "metadata:\n  name: vc-demo\nr",
        'metadata:\n  name: vc-demo\n  {{- include "vcli.metadata" (dict "root" .) | nindent 2 }}\nr',
    ),
    (
        "    verbs: [list, watch, create, patch]\n---\n",
        """\
    verbs: [list, watch, create, patch]
  # Rights that an administrator of one namespace often lacks. Without them the named feature does not work.
  {{- include "vcli.optionalRules" . | nindent 2 }}
  {{- range regexSplit "(?m)^---$" (.Files.Get "files/optional-rights.yaml") -1 }}
  {{- with fromYaml . }}
  # {{ get .metadata.annotations "vcli.dev/feature" }}
  {{- toYaml .rules | nindent 2 }}
  {{- end }}
  {{- end }}
  {{- include "vcli.extraRules" .Values.rbac.role.extraRules | nindent 2 }}
---
""",
    ),
    (
        "  - kind: ServiceAccount\n    name: vc-demo\n",
        "  - kind: ServiceAccount\n    name: vc-demo\n    namespace: {{ .Release.Namespace | quote }}\n",
    ),
)

_CLUSTER_NAME = "vcli:{{ $.Release.Namespace }}:{{ $.Release.Name }}"
CLUSTER_RIGHTS: tuple[Edit, ...] = (
    (
        "# What the syncer may",
        '{{- with include "vcli.clusterRules" . | trim -}}\n# What the syncer may',
    ),
    (
        "rules: []  # those of the kinds that are synced: vcli/catalog\n",
        "rules:\n  {{- . | nindent 2 }}\n",
    ),
    (
        "metadata:\n  name: vcli:team:demo\n",
        f'metadata:\n  name: {_CLUSTER_NAME}\n  {{{{- include "vcli.clusterMetadata" $ | nindent 2 }}}}\n',
    ),
    ("  name: vcli:team:demo\nsubjects", f"  name: {_CLUSTER_NAME}\nsubjects"),
    (
        "    name: vc-demo\n    namespace: team\n",
        "    name: vc-{{ $.Release.Name }}\n    namespace: {{ $.Release.Namespace | quote }}\n{{- end }}\n",
    ),
)
