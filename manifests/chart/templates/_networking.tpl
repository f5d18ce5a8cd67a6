{{/* The syncer's settings about Services and names across the border, as JSON: what is not empty of the values. */}}
{{- define "vcli.networking" -}}
{{- $chosen := .Values.networking -}}
{{- $services := dict -}}
{{- range $key := list "toHost" "fromHost" -}}
  {{- with get $chosen.replicateServices $key -}}{{- $_ := set $services $key . -}}{{- end -}}
{{- end -}}
{{- $mappings := list -}}
{{- range $chosen.resolveDNS -}}
  {{- $mapping := dict -}}
  {{- range $key, $text := omit . "target" -}}
    {{- with $text -}}{{- $_ := set $mapping $key . -}}{{- end -}}
  {{- end -}}
  {{- $target := dict -}}
  {{- range $key, $text := .target -}}
    {{- with $text -}}{{- $_ := set $target $key . -}}{{- end -}}
  {{- end -}}
  {{- $mappings = append $mappings (set $mapping "target" $target) -}}
{{- end -}}
{{- $found := dict -}}
{{- with $services -}}{{- $_ := set $found "replicateServices" . -}}{{- end -}}
{{- with $mappings -}}{{- $_ := set $found "resolveDNS" . -}}{{- end -}}
{{- if $chosen.advanced.fallbackHostCluster -}}{{- $_ := set $found "fallbackHostCluster" true -}}{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* To read the Services of other namespaces that are replicated, as an element of a ClusterRole's rules. */}}
{{- define "vcli.serviceRules" -}}
{{- $names := list -}}
{{- range .Values.networking.replicateServices.fromHost -}}
  {{- $parts := splitList "/" .from -}}
  {{- if and (eq (len $parts) 2) (ne (first $parts) $.Release.Namespace) -}}
    {{- $names = append $names (last $parts) -}}
  {{- end -}}
{{- end -}}
{{- if and $names (ne (toString .Values.rbac.clusterRole.enabled) "false") }}
- {{ dict
  "apiGroups" (list "")
  "resources" (list "services" "endpoints")
  "verbs" (list "list" "watch")
  "resourceNames" ($names | uniq | sortAlpha)
  | toJson }}
{{- end }}
{{- end -}}

{{/* To read the endpoints of Services of this namespace that are replicated, as an element of a Role's rules. */}}
{{- define "vcli.endpointsRule" -}}
{{- $found := false -}}
{{- range .Values.networking.replicateServices.fromHost -}}
  {{- $parts := splitList "/" .from -}}
  {{- if or (eq (len $parts) 1) (has (first $parts) (list "" $.Release.Namespace)) -}}
    {{- $found = true -}}
  {{- end -}}
{{- end -}}
{{- if $found }}
- {{ dict "apiGroups" (list "") "resources" (list "endpoints") "verbs" (list "list" "watch") | toJson }}
{{- end }}
{{- end -}}

{{/* Values of networking that are right one by one and don't go together. */}}
{{- define "vcli.checkNetworking" -}}
{{- $chosen := .Values.networking -}}
{{- range $key := list "toHost" "fromHost" -}}
  {{- $known := list -}}
  {{- range get $chosen.replicateServices $key -}}
    {{- $name := ternary (last (splitList "/" .to)) .to (eq $key "toHost") -}}
    {{- if has $name $known -}}
      {{- fail (printf "networking.replicateServices.%s: %s is taken by an earlier entry" $key .to) -}}
    {{- end -}}
    {{- $known = append $known $name -}}
  {{- end -}}
{{- end -}}
{{- range $chosen.replicateServices.toHost -}}
  {{- if and (contains "/" .to) (ne (first (splitList "/" .to)) $.Release.Namespace) -}}
    {{- fail (printf "networking.replicateServices.toHost: %s is not in namespace %s, the only one of the host in which the syncer may make Services" .to $.Release.Namespace) -}}
  {{- end -}}
{{- end -}}
{{- $coredns := .Values.controlPlane.coredns -}}
{{- if or $chosen.resolveDNS $chosen.advanced.fallbackHostCluster -}}
  {{- $key := ternary "resolveDNS" "advanced.fallbackHostCluster" (gt (len $chosen.resolveDNS) 0) -}}
  {{- if not $coredns.enabled -}}
    {{- fail (printf "networking.%s: of no use while controlPlane.coredns.enabled is false" $key) -}}
  {{- end -}}
  {{- if $coredns.overwriteConfig -}}
    {{- fail (printf "networking.%s: of no use with controlPlane.coredns.overwriteConfig" $key) -}}
  {{- end -}}
{{- end -}}
{{- $known := list -}}
{{- $zones := list -}}
{{- $domain := $chosen.advanced.clusterDomain -}}
{{- range $mapping := $chosen.resolveDNS -}}
  {{- $target := $mapping.target | default dict -}}
  {{- $sources := list "hostname" "service" "namespace" -}}
  {{- $targets := list "hostname" "ip" "hostService" "hostNamespace" "vClusterService" -}}
  {{- include "vcli.checkOne" (dict "place" "networking.resolveDNS" "of" $mapping "options" $sources) -}}
  {{- include "vcli.checkOne" (dict "place" "networking.resolveDNS.target" "of" $target "options" $targets) -}}
  {{- if ne (empty $mapping.namespace) (empty $target.hostNamespace) -}}
    {{- fail "networking.resolveDNS.target: a namespace leads to a hostNamespace, and nothing else does" -}}
  {{- end -}}
  {{- $name := $mapping.hostname | default $mapping.service | default $mapping.namespace -}}
  {{- $base := trimPrefix "*." $name -}}
  {{- $place := splitList "/" $name | reverse | join "." -}}
  {{- if $mapping.hostname -}}
    {{- if hasSuffix (printf ".%s" $domain) (printf ".%s" $base) -}}
      {{- fail (printf "networking.resolveDNS: %s is in the cluster domain, %s" $name $domain) -}}
    {{- end -}}
    {{- if and (ne $base $name) (hasSuffix (printf ".%s" $base) (printf ".%s" $domain)) -}}
      {{- fail (printf "networking.resolveDNS: %s has the cluster domain in it, %s: no Service would be found" $name $domain) -}}
    {{- end -}}
    {{- $zones = append $zones (dict "own" (eq $base $name) "below" (ne $base $name) "zone" $base) -}}
  {{- else -}}
    {{- $zones = append $zones (dict "own" true "below" true "zone" (printf "%s.svc.%s" $place $domain)) -}}
  {{- end -}}
  {{- if has $name $known -}}
    {{- fail (printf "networking.resolveDNS: %s is mapped by an earlier entry" $name) -}}
  {{- end -}}
  {{- $known = append $known $name -}}
{{- end -}}
{{- range $mapping := $chosen.resolveDNS -}}
  {{- with $mapping.target.hostname -}}
    {{- $name := . -}}
    {{- range $zones -}}
      {{- if or (and .own (eq $name .zone)) (and .below (hasSuffix (printf ".%s" .zone) $name)) -}}
        {{- fail (printf "networking.resolveDNS.target.hostname: %s is mapped itself" $name) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether exactly one of "options" is given in "of". */}}
{{- define "vcli.checkOne" -}}
{{- $of := .of -}}
{{- $given := list -}}
{{- range .options -}}{{- if get $of . -}}{{- $given = append $given . -}}{{- end -}}{{- end -}}
{{- if ne (len $given) 1 -}}
  {{- $found := ternary (printf "%s are given" (join " and " $given)) "none is given" (gt (len $given) 0) -}}
  {{- fail (printf "%s: one of %s: %s" .place (join ", " .options) $found) -}}
{{- end -}}
{{- end -}}
