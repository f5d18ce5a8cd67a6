{{/* Values that are right one by one and don't go together, or that this version can't do. */}}
{{- define "vcli.check" -}}
{{- $plane := .Values.controlPlane -}}
{{- if or (gt (len .Release.Name) 52) (not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name)) -}}
  {{- fail (printf "the name %q is not a DNS label of 52 characters at most that begins with a letter" .Release.Name) -}}
{{- end -}}
{{- include "vcli.checkDistro" . -}}
{{- include "vcli.checkStores" . -}}
{{- if gt (int $plane.statefulSet.highAvailability.replicas) 1 -}}
  {{- fail "controlPlane.statefulSet.highAvailability.replicas: the chart has one control-plane pod: vcli create --ha makes more" -}}
{{- end -}}
{{- $several := (.Files.Get "files/defaults.yaml" | fromYaml).controlPlane.statefulSet.highAvailability -}}
{{- range $key, $default := $several -}}
  {{- if ne (toString $default) (toString (get $plane.statefulSet.highAvailability $key)) -}}
    {{- fail (printf "controlPlane.statefulSet.highAvailability.%s: of no use where there is one syncer" $key) -}}
  {{- end -}}
{{- end -}}
{{- if .Values.sleepMode.enabled -}}
  {{- fail "sleepMode: the chart makes none that goes to sleep: vcli create does" -}}
{{- end -}}
{{- $metadata := .Values.policies.hostMetadata -}}
{{- range $field := list "annotations" "labels" -}}
  {{- range $pattern := get $metadata $field -}}
    {{- if and $metadata.enabled (not (regexMatch "^([-A-Za-z0-9.*]+/)?[-A-Za-z0-9_.*]+$" $pattern)) -}}
      {{- fail (printf "policies.hostMetadata.%s: %q is no key, and no pattern of keys" $field $pattern) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $pod := $plane.statefulSet.security.podSecurityContext | default dict -}}
{{- if and (hasKey $pod "runAsUser") (eq (toString $pod.runAsUser) "0") (ne (toString $pod.runAsNonRoot) "false") -}}
  {{- fail "controlPlane.statefulSet.security.podSecurityContext.runAsUser: 0 is root, and the pod must not run as root unless runAsNonRoot is false" -}}
{{- end -}}
{{- $nodes := .Values.sync.fromHost.nodes -}}
{{- if and (not $nodes.enabled) $nodes.selector.labels -}}
  {{- fail "sync.fromHost.nodes.selector: of no use while Nodes are not synced: set sync.fromHost.nodes.enabled to true" -}}
{{- end -}}
{{- if and $nodes.enabled $nodes.selector.all $nodes.selector.labels -}}
  {{- fail "sync.fromHost.nodes.selector.all: all Nodes, or those with labels: not both" -}}
{{- end -}}
{{- range $key, $value := $nodes.selector.labels -}}
  {{- if or (not (regexMatch "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$" $key)) (not (regexMatch "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$" $value)) -}}
    {{- fail (printf "sync.fromHost.nodes.selector.labels: %s=%s is no label of a Node" $key $value) -}}
  {{- end -}}
{{- end -}}
{{- include "vcli.checkKinds" . -}}
{{- include "vcli.checkCustomResources" . -}}
{{- include "vcli.checkExports" . -}}
{{- include "vcli.checkNetworking" . -}}
{{- include "vcli.checkPolicies" . -}}
{{- include "vcli.checkExposure" . -}}
{{- $scheduler := $plane.distro.k8s.scheduler -}}
{{- if and $scheduler.enabled (not $nodes.enabled) -}}
  {{- fail "controlPlane.distro.k8s.scheduler.enabled: a scheduler inside needs the host's nodes: set sync.fromHost.nodes.enabled to true" -}}
{{- end -}}
{{- if and $scheduler.enabled (eq (toString .Values.sync.fromHost.storageClasses.enabled) "false") -}}
  {{- fail "sync.fromHost.storageClasses.enabled: a scheduler inside needs them: leave it at auto, or set it to true" -}}
{{- end -}}
{{- $rbac := .Values.rbac -}}
{{- $ofClusterRole := ternary list ($rbac.clusterRole.extraRules | default list) (eq (toString $rbac.clusterRole.enabled) "false") -}}
{{- range concat ($rbac.role.extraRules | default list) $ofClusterRole -}}
  {{- if not (and .apiGroups .resources .verbs) -}}
    {{- fail "rbac: extraRules: apiGroups, resources and verbs must not be empty" -}}
  {{- end -}}
{{- end -}}
{{- $version := include "vcli.version" . -}}
{{- $minor := regexFind "[0-9]+" (splitList "." $version | rest | first) | int -}}
{{- if lt $minor 30 -}}
  {{- fail (printf "controlPlane.distro.k8s.version: %s is older than 1.30, the oldest that can be run" $version) -}}
{{- end -}}
{{- if lt (len (splitList "." $version)) 3 -}}
  {{- fail (printf "controlPlane.distro.k8s.version: which %s? Name the patch as well, as in %s.1" $version $version) -}}
{{- end -}}
{{- end -}}

{{/* Whether "selector", the values of "path", is one that the API takes. */}}
{{- define "vcli.checkSelector" -}}
{{- $path := .path -}}
{{- $key := "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$" -}}
{{- $value := "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$" -}}
{{- range $name, $text := .selector.matchLabels -}}
  {{- if not (regexMatch $key $name) -}}
    {{- fail (printf "%s.matchLabels: %q is not a label key, such as example.com/tier" $path $name) -}}
  {{- end -}}
  {{- if not (regexMatch $value $text) -}}
    {{- fail (printf "%s.matchLabels: %q is not a label's value" $path $text) -}}
  {{- end -}}
{{- end -}}
{{- range .selector.matchExpressions -}}
  {{- if and (has .operator (list "In" "NotIn")) (not .values) -}}
    {{- fail (printf "%s.matchExpressions: values must be given for %s" $path .operator) -}}
  {{- end -}}
  {{- if and (has .operator (list "Exists" "DoesNotExist")) .values -}}
    {{- fail (printf "%s.matchExpressions: values must be empty for %s" $path .operator) -}}
  {{- end -}}
  {{- range .values -}}
    {{- if not (regexMatch $value .) -}}
      {{- fail (printf "%s.matchExpressions: %q is not a label's value" $path .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether "kind", the values of "path", names objects of the host while it is on, and as can be done. */}}
{{- define "vcli.checkMapped" -}}
{{- $byName := .kind.mappings.byName | default dict -}}
{{- if and .kind.enabled (not $byName) -}}
  {{- fail (printf "%s.enabled: of no use while no object is named: name objects of the host in %s.mappings.byName" .path .path) -}}
{{- end -}}
{{- if .kind.enabled -}}{{- include "vcli.checkMappings" (dict "path" .path "byName" $byName) -}}{{- end -}}
{{- end -}}

{{/* Whether "byName", mappings of "path", are mappings that can be done. */}}
{{- define "vcli.checkMappings" -}}
{{- $path := printf "%s.mappings.byName" .path -}}
{{- $namespace := "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?" -}}
{{- $name := "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?" -}}
{{- $targets := list -}}
{{- range $host, $inside := .byName -}}
  {{- if not (regexMatch (printf "^((%s)?/(%s|\\*))?$" $namespace $name) $host) -}}
    {{- fail (printf "%s: %q is not NAMESPACE/NAME, NAMESPACE/*, /NAME or the empty string" $path $host) -}}
  {{- end -}}
  {{- if or (eq $host "") (hasSuffix "/*" $host) -}}
    {{- if not (regexMatch (printf "^%s(/\\*)?$" $namespace) $inside) -}}
      {{- fail (printf "%s: %q is not NAMESPACE/* or NAMESPACE" $path $inside) -}}
    {{- end -}}
  {{- else -}}
    {{- if not (regexMatch (printf "^%s/%s$" $namespace $name) $inside) -}}
      {{- fail (printf "%s: %q is not NAMESPACE/NAME" $path $inside) -}}
    {{- end -}}
    {{- if has $inside $targets -}}
      {{- fail (printf "%s: two objects of the host can't both be %s" $path $inside) -}}
    {{- end -}}
    {{- $targets = append $targets $inside -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether the Secrets with kubeconfigs can be kept as the values say. */}}
{{- define "vcli.checkExports" -}}
{{- $root := . -}}
{{- $exported := .Values.exportKubeConfig -}}
{{- if and $exported.secret.namespace (not $exported.secret.name) -}}
  {{- fail "exportKubeConfig.secret.namespace: of no use without secret.name" -}}
{{- end -}}
{{- if and $exported.secret.name $exported.additionalSecrets -}}
  {{- fail "exportKubeConfig.secret: not together with additionalSecrets: name all of them in additionalSecrets" -}}
{{- end -}}
{{- $all := $exported.additionalSecrets | default list -}}
{{- if $exported.secret.name -}}{{- $all = list $exported.secret -}}{{- end -}}
{{- $names := list -}}
{{- range $all -}}
  {{- $isElsewhere := not (has (.namespace | default "") (list "" $root.Release.Namespace)) -}}
  {{- if and (not $isElsewhere) (has .name (list (printf "vc-%s" $root.Release.Name) (printf "%s-certs" $root.Release.Name) (printf "vc-datasource-%s" $root.Release.Name))) -}}
    {{- fail (printf "exportKubeConfig: %s is a Secret of the control plane: choose another name" .name) -}}
  {{- end -}}
  {{- $place := printf "%s/%s" (.namespace | default "") .name -}}
  {{- if has $place $names -}}
    {{- fail (printf "exportKubeConfig.additionalSecrets: %s is the name of another one" .name) -}}
  {{- end -}}
  {{- $names = append $names $place -}}
  {{- $account := .serviceAccount | default dict -}}
  {{- if and (or $account.namespace $account.clusterRole) (not $account.name) -}}
    {{- fail "exportKubeConfig.additionalSecrets: serviceAccount: of no use without a name" -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* What stands beside "enabled: false" in "values" of "path" that is not of "defaults", a line each. As vcli/config/idle.py. */}}
{{- define "vcli.idle" -}}
{{- $path := .path -}}
{{- $defaults := .defaults -}}
{{- $isOff := and (hasKey .defaults "enabled") (eq (toString .values.enabled) "false") -}}
{{- range $key, $default := .defaults -}}
  {{- if and (kindIs "map" $default) (hasKey $default "enabled") -}}{{- $isOff = false -}}{{- end -}}
{{- end -}}
{{- range $key, $value := .values -}}
  {{- $default := get $defaults $key -}}
  {{- $name := ternary $key (printf "%s.%s" $path $key) (eq $path "") -}}
  {{- if and $isOff (ne $key "enabled") (ne (toJson $value) (toJson $default)) -}}
    {{- printf "\n%s: has no effect while %s.enabled is false" $name $path -}}
  {{- else if and (kindIs "map" $value) (kindIs "map" $default) -}}
    {{- include "vcli.idle" (dict "path" $name "values" $value "defaults" $default) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
