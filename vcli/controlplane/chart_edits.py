"""What stands in the chart in place of what stands in the manifests, by file: pairs of old and new text."""

# ruff: noqa: E501  Go templates are one line each

from vcli.controlplane import chart_exposure, chart_policies, chart_rights, chart_scheduler
from vcli.controlplane.chart_k3s import K3S_EDITS
from vcli.controlplane.chart_kine import KINE_EDITS
from vcli.controlplane.chart_pieces import Edit
from vcli.controlplane.chart_pieces import block_or as _or
from vcli.controlplane.chart_pieces import pull_policy as _policy
from vcli.controlplane.chart_shares import secured as _secured
from vcli.controlplane.chart_stores import STORE_EDITS

_VALUES = """\
{{- $plane := .Values.controlPlane }}
{{- $set := $plane.statefulSet }}
{{- $distro := include "vcli.distro" . }}
{{- $k8s := $plane.distro.k8s }}
{{- $k3s := $plane.distro.k3s }}
{{- $etcd := $plane.backingStore.etcd.embedded }}
{{- $external := $plane.backingStore.etcd.external }}
{{- $sqlite := $plane.backingStore.database.embedded }}
{{- $database := $plane.backingStore.database.external }}
{{- $kine := ternary $sqlite $database $sqlite.enabled }}
{{- $claim := $set.persistence.volumeClaim }}
{{- $security := $set.security.containerSecurityContext }}
{{- $mirror := $plane.advanced.defaultImageRegistry }}
{{- $shares := include "vcli.shares" . | fromJson }}
{{- $ephemeral := eq (toString $claim.enabled) "false" }}
{{- $own := deepCopy $set }}
{{- $_ := set $own "annotations" (mergeOverwrite $own.annotations (dict "vcli.dev/version" .Chart.Version)) }}
{{- $issuer := printf "https://kubernetes.default.svc.%s" .Values.networking.advanced.clusterDomain }}
"""


def _metadata(name: str, own: str = "") -> Edit:
    """Namespace, labels and annotations of an object."""
    arguments = f'"root" . "own" {own}' if own else '"root" .'
    quoted = "{{ .Release.Name | quote }}" if name == "demo" else name
    return (
        f"metadata:\n  name: {name}\n",
        f'metadata:\n  name: {quoted}\n  {{{{- include "vcli.metadata" (dict {arguments}) | nindent 2 }}}}\n',
    )


def _image(container: str, image: str, values: str, tag: str, policy: str) -> Edit:
    reference = f'include "vcli.image" (dict "image" {values} "tag" {tag} "mirror" $mirror)'
    return (
        f"        - name: {container}\n          image: {image}\n",
        f"        - name: {container}\n          image: {{{{ {reference} | quote }}}}\n{_policy(policy)}",
    )


def _arguments(after: str, values: str) -> Edit:
    """More arguments of a command, in a list that ends with this text."""
    lines = f"            {{{{- range {values} }}}}\n            - {{{{ . | toJson }}}}\n            {{{{- end }}}}\n"
    return after, after + lines


_APISERVER_END = "            - --service-node-port-range=$(NODE_PORTS)\n"
_MANAGER_END = "            - --profiling=false\n"
_SCHEDULER_END = "            - --leader-elect=false\n          # As for kube-apiserver."
_ETCD_END = "            - --listen-peer-urls=http://127.0.0.1:2380\n"

_STATEFUL_SET: tuple[Edit, ...] = (
    ("=$(SERVICE_CIDRS)\n", '={{ .Values.networking.serviceCIDR | default "$(SERVICE_CIDRS)" }}\n'),
    *STORE_EDITS,
    *KINE_EDITS,
    *K3S_EDITS,
    ("# Components, values and names are filled in by vcli/controlplane.\n", _VALUES),
    _metadata("demo", "$own"),
    (
        "  podManagementPolicy: Parallel\n",
        "  podManagementPolicy: {{ $set.scheduling.podManagementPolicy }}\n",
    ),
    (
        "    whenDeleted: Delete\n",
        '    whenDeleted: {{ ternary "Delete" $claim.retentionPolicy $ephemeral }}\n',
    ),
    ("    matchLabels: {}\n", '    matchLabels:\n      {{- include "vcli.selector" . | nindent 6 }}\n'),
    (
        "    metadata: {}\n",
        """\
    metadata:
      labels:
        {{- mergeOverwrite (deepCopy $set.pods.labels) (include "vcli.labels" . | fromYaml) | toYaml | nindent 8 }}
      annotations:
        {{- $checksum := include "vcli.settings" . | sha256sum | trunc 16 }}
        {{- mergeOverwrite (deepCopy $set.pods.annotations) (dict "vcli.dev/checksum" $checksum) | toYaml | nindent 8 }}
""",
    ),
    _secured(
        "$set.security.podSecurityContext",
        """\
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault""",
        6,
        container=False,
    ),
    (
        "      containers:\n",
        """\
      {{- range $key := list "nodeSelector" "affinity" "tolerations" "topologySpreadConstraints" }}
      {{- with get $set.scheduling $key }}
      {{ $key }}:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- with $set.scheduling.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      containers:
""",
    ),
    _image("etcd", "registry.k8s.io/etcd", "$etcd.image", '""', "$k8s.imagePullPolicy"),
    _image(
        "kube-apiserver",
        "registry.k8s.io/kube-apiserver",
        "$k8s.apiServer.image",
        '(include "vcli.version" .)',
        "$k8s.imagePullPolicy",
    ),
    (
        "          image: registry.k8s.io/kube-controller-manager\n",
        '          image: {{ include "vcli.image" (dict "image" $k8s.controllerManager.image "tag" (include "vcli.version" .) "mirror" $mirror) | quote }}\n'
        + _policy("$k8s.imagePullPolicy"),
    ),
    (
        "        - name: kube-scheduler\n          image: registry.k8s.io/kube-scheduler\n",
        """\
        {{- if $k8s.scheduler.enabled }}
        - name: kube-scheduler
          image: {{ include "vcli.image" (dict "image" $k8s.scheduler.image "tag" (include "vcli.version" .) "mirror" $mirror) | quote }}
"""
        + _policy("$k8s.imagePullPolicy"),
    ),
    *chart_scheduler.EDITS,
    *chart_policies.EDITS,
    (
        "          image: docker.io/library/python\n",
        '          image: {{ include "vcli.syncerImage" . | quote }}\n' + _policy("$set.imagePullPolicy"),
    ),
    (
        "          command: [python, -m, vcli.syncer, --settings, /etc/vcli/settings.json]\n",
        """\
          {{- if include "vcli.hasSyncerImage" . }}
          command: [python, -m, vcli.syncer, --settings, /etc/vcli/settings.json]
          {{- else }}
          command: [python, -S, /bundle/boot.py, vcli.syncer, --settings, /etc/vcli/settings.json]
          {{- end }}
""",
    ),
    _secured(
        "$security",
        """\
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]""",
        10,
        container=True,
    ),
    _secured(
        "$security",
        """\
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  # The image's binary carries this capability as a file capability, and can't be executed without.
  capabilities:
    drop: [ALL]
    add: [NET_BIND_SERVICE]""",
        10,
        container=True,
    ),
    (
        _ETCD_END,
        _ETCD_END
        + """\
            {{- if $ephemeral }}
            # The data ends with the pod anyway: no use to wait for the disk at every write.
            - --unsafe-no-fsync
            {{- end }}
            {{- range $etcd.extraArgs }}
            - {{ . | toJson }}
            {{- end }}
""",
    ),
    (
        _APISERVER_END,
        _APISERVER_END
        + """\
            - --service-account-issuer={{ $issuer }}
            # By default it names the pod's own address, which no certificate has.
            - --service-account-jwks-uri={{ $issuer }}/openid/v1/jwks
            {{- range $k8s.apiServer.extraArgs }}
            - {{ . | toJson }}
            {{- end }}
""",
    ),
    (
        _MANAGER_END + "          env:\n",
        _arguments(_MANAGER_END, "$k8s.controllerManager.extraArgs")[1] + "          env:\n",
    ),
    (
        _SCHEDULER_END,
        _SCHEDULER_END.replace(
            "          #",
            """\
            {{- range $k8s.scheduler.extraArgs }}
            - {{ . | toJson }}
            {{- end }}
          #""",
        ),
    ),
    _or(
        '$etcd.resources | default (get $shares "etcd")',
        "resources:\n  requests: {cpu: 25m, memory: 48Mi}\n  limits: {memory: 1Gi}",
        10,
    ),
    _or(
        '$k8s.apiServer.resources | default (get $shares "kube-apiserver")',
        "resources:\n  requests: {cpu: 100m, memory: 192Mi}\n  limits: {memory: 2Gi}",
        10,
    ),
    _or(
        'get $shares "syncer"',
        """\
resources:
  # More than it uses: while all start at once on a busy node, what is waited for goes first.
  requests: {cpu: 60m, memory: 48Mi}
  limits: {memory: 1Gi}""",
        10,
    ),
    _or(
        '$k8s.controllerManager.resources | default (get $shares "kube-controller-manager")',
        "resources:\n  requests: {cpu: 15m, memory: 48Mi}\n  limits: {memory: 1Gi}",
        10,
    ),
    _or(
        '$k8s.scheduler.resources | default (get $shares "kube-scheduler")',
        "resources:\n  requests: {cpu: 15m, memory: 32Mi}\n  limits: {memory: 512Mi}",
        10,
    ),
    (
        "            - {name: tmp, mountPath: /tmp}\n",
        """\
            - {name: tmp, mountPath: /tmp}
            {{- if not (include "vcli.hasSyncerImage" .) }}
            - {name: bundle, mountPath: /bundle, readOnly: true}
            {{- end }}
""",
    ),
    (
        "                  items: [{path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}]\n",
        """\
                  items: [{path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}]
        {{- if and $ephemeral (not (or $external.enabled $database.enabled)) }}
        - name: data
          emptyDir: {}
        {{- end }}
        {{- if not (include "vcli.hasSyncerImage" .) }}
        - name: bundle
          projected:
            sources:
              {{- range $part, $none := until (include "vcli.parts" . | int) }}
              - configMap:
                  name: vc-bundle-{{ include "vcli.digest" $ }}-{{ $part }}-{{ $.Release.Name }}
              {{- end }}
        {{- end }}
  {{- if not (or $ephemeral $external.enabled $database.enabled) }}
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata:
        name: data
        labels:
          {{- include "vcli.labels" . | nindent 10 }}
      spec:
        accessModes:
          {{- toYaml $claim.accessModes | nindent 10 }}
        resources:
          requests:
            storage: {{ $claim.size | quote }}
        {{- with $claim.storageClass }}
        storageClassName: {{ . | quote }}
        {{- end }}
        volumeMode: Filesystem
      status:
        phase: Pending
  {{- end }}
""",
    ),
)

_SELECTOR = '  selector:\n    {{- include "vcli.selector" . | nindent 4 }}\n'
_SERVICES: tuple[Edit, ...] = (
    _metadata("demo", '(include "vcli.serviceMetadata" . | fromJson)'),
    _metadata("demo-headless"),
    (
        "  type: ClusterIP\n  selector: {}\n",
        f"""\
  type: {{{{ .Values.controlPlane.service.spec.type }}}}
  {{{{- range $key, $value := omit .Values.controlPlane.service.spec "type" }}}}
  {{{{- if $value }}}}
  {{{{ $key }}}}: {{{{ toJson $value }}}}
  {{{{- end }}}}
  {{{{- end }}}}
{_SELECTOR}""",
    ),
    ("  selector: {}\n", _SELECTOR),
    (
        f"{_SELECTOR}  ports:\n    - {{name: https, port: 443, targetPort: 8443, protocol: TCP}}\n---\n",
        f"""\
{_SELECTOR}  ports:
    - name: https
      port: 443
      targetPort: 8443
      protocol: TCP
      {{{{- with .Values.controlPlane.service.httpsNodePort }}}}
      nodePort: {{{{ int . }}}}
      {{{{- end }}}}
---
""",
    ),
)

EDITS: dict[str, tuple[Edit, ...]] = {
    "services.yaml": _SERVICES,
    "ingress.yaml": chart_exposure.EDITS,
    "rights.yaml": chart_rights.RIGHTS,
    "cluster-rights.yaml": chart_rights.CLUSTER_RIGHTS,
    "statefulset.yaml": _STATEFUL_SET,
}
