{{/* What the syncer applies inside the virtual cluster, as JSON {"addons": [...]}. */}}
{{- define "vcli.addons" -}}
{{- $values := .Values -}}
{{- $coredns := .Values.controlPlane.coredns -}}
{{- $addons := list (.Files.Get "files/default-account.yaml" | fromYaml) -}}
{{- if $coredns.enabled -}}
  {{- range regexSplit "(?m)^---$" (.Files.Get "files/coredns.yaml") -1 -}}
    {{- $obj := . | fromYaml -}}
    {{- if eq $obj.kind "ConfigMap" -}}
      {{- $zone := printf " %s " $values.networking.advanced.clusterDomain -}}
      {{- $file := $obj.data.Corefile | replace " cluster.local " $zone -}}
      {{- if $values.networking.advanced.fallbackHostCluster -}}
        {{- $pods := "        pods insecure\n" -}}
        {{- $file = replace $pods (printf "        fallthrough %s\n%s" $values.networking.advanced.clusterDomain $pods) $file -}}
      {{- end -}}
      {{- $network := $values.policies.networkPolicy -}}
      {{- if and $network.enabled $network.fallbackDns -}}{{- $file = replace "HOST_DNS" $network.fallbackDns $file -}}{{- end -}}
      {{- $_ := set $obj.data "Corefile" ($coredns.overwriteConfig | default $file) -}}
    {{- else if eq $obj.kind "Service" -}}
      {{- include "vcli.decorate" (dict "obj" $obj "own" $coredns.service) -}}
    {{- else if eq $obj.kind "Deployment" -}}
      {{- $chosen := $coredns.deployment -}}
      {{- include "vcli.decorate" (dict "obj" $obj "own" $chosen) -}}
      {{- $_ := set $obj.spec "replicas" $chosen.replicas -}}
      {{- $pod := $obj.spec.template.spec -}}
      {{- range $key := list "nodeSelector" "affinity" "tolerations" -}}
        {{- with get $chosen $key -}}{{- $_ := set $pod $key . -}}{{- end -}}
      {{- end -}}
      {{- $container := first $pod.containers -}}
      {{- $mirror := $values.controlPlane.advanced.defaultImageRegistry -}}
      {{- $_ := set $container "image" (include "vcli.image" (dict "image" $chosen.image "mirror" $mirror)) -}}
      {{- with $chosen.resources -}}{{- $_ := set $container "resources" . -}}{{- end -}}
    {{- end -}}
    {{- $addons = append $addons $obj -}}
  {{- end -}}
{{- end -}}
{{- dict "addons" $addons | toJson -}}
{{- end -}}

{{/* Add labels and annotations of the values; those of the object win. */}}
{{- define "vcli.decorate" -}}
{{- $metadata := .obj.metadata -}}
{{- $own := .own -}}
{{- range $key := list "labels" "annotations" -}}
  {{- with get $own $key -}}
    {{- $_ := set $metadata $key (mergeOverwrite (deepCopy .) (get $metadata $key | default dict)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secrets with kubeconfigs that the syncer keeps, as JSON {"exports": [...]}. */}}
{{- define "vcli.exports" -}}
{{- $exported := .Values.exportKubeConfig -}}
{{- $given := $exported.additionalSecrets | default list -}}
{{- with $exported.secret.name -}}
  {{- $given = list (mergeOverwrite (pick $exported "context" "server" "insecure") (dict "name" . "namespace" $exported.secret.namespace)) -}}
{{- end -}}
{{- $found := list -}}
{{- range $given -}}
  {{- $export := dict
    "name" .name
    "context" (.context | default "my-vcluster")
    "server" (.server | default (include "vcli.server" $))
    "insecure" (.insecure | default false)
  -}}
  {{- if not (has (.namespace | default "") (list "" $.Release.Namespace)) -}}
    {{- $_ := set $export "namespace" .namespace -}}
    {{- $_ := set $export "role" (printf "vcli:%s:%s:%s" $.Release.Namespace $.Release.Name .name) -}}
  {{- end -}}
  {{- $account := .serviceAccount | default dict -}}
  {{- if $account.name -}}
    {{- $_ := set $export "serviceAccount" (dict
      "name" $account.name
      "namespace" ($account.namespace | default "kube-system")
      "clusterRole" ($account.clusterRole | default "")
    ) -}}
  {{- end -}}
  {{- $found = append $found $export -}}
{{- end -}}
{{- dict "exports" $found | toJson -}}
{{- end -}}

{{/* The objects of the values for the virtual cluster, as JSON {"manifests": [...]}. */}}
{{- define "vcli.manifests" -}}
{{- $found := list -}}
{{- range $index, $text := regexSplit "(?m)^---([ \\t].*)?$" .Values.experimental.deploy.vcluster.manifests -1 -}}
  {{- $where := printf "experimental.deploy.vcluster.manifests: document %d" (add1 $index) -}}
  {{- $obj := fromYaml $text -}}
  {{- if $obj.Error -}}{{- fail (printf "%s is not YAML: %s" $where $obj.Error) -}}{{- end -}}
  {{- if $obj -}}
    {{- $items := list $obj -}}
    {{- if and (eq (toString $obj.kind) "List") (eq (toString $obj.apiVersion) "v1") -}}{{- $items = $obj.items | default list -}}{{- end -}}
    {{- range $items -}}
      {{- $item := . -}}
      {{- range $key := list "apiVersion" "kind" -}}
        {{- if not (get $item $key) -}}{{- fail (printf "%s has no %s" $where $key) -}}{{- end -}}
      {{- end -}}
      {{- if not (dig "metadata" "name" "" $item) -}}{{- fail (printf "%s, of kind %s, has no metadata.name" $where $item.kind) -}}{{- end -}}
      {{- $found = append $found $item -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- dict "manifests" $found | toJson -}}
{{- end -}}

{{/* The syncer's settings.json. */}}
{{- define "vcli.settings" -}}
{{- $values := .Values -}}
{{- $name := .Release.Name -}}
{{- $rewrite := $values.sync.toHost.pods.rewriteHosts -}}
{{- $hosts := include "vcli.image" (dict "image" $rewrite.initContainer.image) | default (include "vcli.syncerImage" .) -}}
{{- $keys := dict
  "namespace" .Release.Namespace
  "service" $name
  "headless" (printf "%s-headless" $name)
  "pod" (printf "%s-0" $name)
  "certificates" (printf "%s-certs" $name)
  "access" (printf "vc-%s" $name)
  "facts" (printf "vc-facts-%s" $name)
  "domain" $values.networking.advanced.clusterDomain
  "extra_sans" (include "vcli.extraNames" . | fromJson).names
  "server" ($values.exportKubeConfig.server | default (include "vcli.server" .))
  "context" ($values.exportKubeConfig.context | default "my-vcluster")
  "labels" (include "vcli.labels" . | fromYaml)
  "annotations" ($values.controlPlane.advanced.globalMetadata.annotations | default dict)
-}}
{{- with $values.networking.serviceCIDR -}}{{- $_ := set $keys "service_cidrs" (splitList "," .) -}}{{- end -}}
{{- if $values.exportKubeConfig.insecure -}}{{- $_ := set $keys "insecure" true -}}{{- end -}}
{{- $settings := dict
  "cluster" $name
  "namespace" .Release.Namespace
  "service" $name
  "servicePort" 443
  "headlessService" (printf "%s-headless.%s.svc" $name .Release.Namespace)
  "workloadServiceAccount" (printf "vc-workload-%s" $name)
  "clusterDomain" $values.networking.advanced.clusterDomain
  "virtualServer" "https://127.0.0.1:8443"
  "pki" "/pki"
  "kubernetesVersion" (include "vcli.version" .)
  "addons" (include "vcli.addons" . | fromJson).addons
  "hostsImage" (ternary $hosts "" $rewrite.enabled)
  "metrics" $values.integrations.metricsServer.enabled
  "healthPort" 8080
  "externalIPRanges" ($values.sync.toHost.services.externalIPs.allowedCIDRs | default list)
  "defaultServiceAccountReady" true
  "keys" $keys
-}}
{{- $store := $values.controlPlane.backingStore -}}
{{- if or $store.etcd.external.enabled $store.database.embedded.enabled $store.database.external.enabled $values.controlPlane.distro.k3s.enabled -}}{{- $_ := set $settings "etcd" "" -}}{{- end -}}
{{- with include "vcli.kinds" . | fromJson -}}{{- $_ := set $settings "kinds" . -}}{{- end -}}
{{- $nodes := $values.sync.fromHost.nodes -}}
{{- if and $nodes.enabled $nodes.syncBackChanges -}}{{- $_ := set $settings "nodeChanges" true -}}{{- end -}}
{{- $scheduler := $values.controlPlane.distro.k8s.scheduler.enabled -}}
{{- if $scheduler -}}{{- $_ := set $settings "scheduler" true -}}{{- end -}}
{{- if or $scheduler (and $nodes.enabled (or $nodes.selector.all $nodes.selector.labels)) -}}{{- $_ := set $settings "nodes" "all" -}}{{- end -}}
{{- if include "vcli.standard" . -}}{{- $_ := set $settings "isolated" true -}}{{- end -}}
{{- with $values.policies.hostMetadata -}}
  {{- if .enabled -}}
    {{- $_ := set $settings "hostMetadata" (dict "labels" (.labels | default list) "annotations" (.annotations | default list)) -}}
  {{- end -}}
{{- end -}}
{{- if and $nodes.enabled $nodes.selector.labels -}}{{- $_ := set $settings "nodeLabels" $nodes.selector.labels -}}{{- end -}}
{{- if and $nodes.enabled (not $nodes.clearImageStatus) -}}{{- $_ := set $settings "nodeImages" true -}}{{- end -}}
{{- with include "vcli.selectors" . | fromJson -}}{{- $_ := set $settings "selectors" . -}}{{- end -}}
{{- with (include "vcli.exports" . | fromJson).exports -}}{{- $_ := set $settings "exports" . -}}{{- end -}}
{{- with include "vcli.mappings" . | fromJson -}}{{- $_ := set $settings "mappings" . -}}{{- end -}}
{{- with include "vcli.networking" . | fromJson -}}{{- $_ := set $settings "networking" . -}}{{- end -}}
{{- with include "vcli.customResources" . | fromJson -}}{{- $_ := set $settings "customResources" . -}}{{- end -}}
{{- $pull := $values.controlPlane.advanced.workloadServiceAccount.imagePullSecrets -}}
{{- if and $values.sync.toHost.serviceAccounts.enabled $pull -}}
  {{- $_ := set $settings "workloadPullSecrets" $pull -}}
{{- end -}}
{{- with (include "vcli.manifests" . | fromJson).manifests -}}{{- $_ := set $settings "manifests" . -}}{{- end -}}
{{- $settings | toJson -}}
{{- end -}}
