{{/* The Pod Security Standard, or nothing: privileged forbids nothing. */}}
{{- define "vcli.standard" -}}
{{- if ne .Values.policies.podSecurityStandard "privileged" -}}{{- .Values.policies.podSecurityStandard -}}{{- end -}}
{{- end -}}

{{/* Whether there is a ResourceQuota, and a LimitRange: auto follows the other one. */}}
{{- define "vcli.hasQuota" -}}
{{- $quota := toString .Values.policies.resourceQuota.enabled -}}
{{- if or (eq $quota "true") (and (eq $quota "auto") (eq (toString .Values.policies.limitRange.enabled) "true")) -}}true{{- end -}}
{{- end -}}
{{- define "vcli.hasLimits" -}}
{{- $limits := toString .Values.policies.limitRange.enabled -}}
{{- if or (eq $limits "true") (and (eq $limits "auto") (eq (toString .Values.policies.resourceQuota.enabled) "true")) -}}true{{- end -}}
{{- end -}}

{{/* Amounts as texts, as JSON: those "given" over "defaults", without those that are taken away. */}}
{{- define "vcli.amounts" -}}
{{- $merged := deepCopy .defaults -}}
{{- range $name, $amount := .given -}}{{- $_ := set $merged $name (toString $amount) -}}{{- end -}}
{{- $found := dict -}}
{{- range $name, $amount := $merged -}}{{- if $amount -}}{{- $_ := set $found $name $amount -}}{{- end -}}{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* Egress rules to one DNS server, or to any: the host's may be pods, or on nodes. */}}
{{- define "vcli.toNameServers" -}}
{{- if . -}}
- to: [{ipBlock: {cidr: {{ printf "%s/%s" . (ternary "128" "32" (contains ":" .)) | quote }}}}]
  ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- else -}}
- to: [{namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}}]
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
    - {port: 5353, protocol: UDP}
    - {port: 5353, protocol: TCP}
{{- end -}}
{{- end -}}

{{/* Values of policies that are right one by one and don't go together. */}}
{{- define "vcli.checkPolicies" -}}
{{- $policies := .Values.policies -}}
{{- $network := $policies.networkPolicy -}}
{{- $defaults := (.Files.Get "files/defaults.yaml" | fromYaml).policies -}}
{{- $on := dict "resourceQuota" (include "vcli.hasQuota" .) "limitRange" (include "vcli.hasLimits" .) -}}
{{- range $key, $is := $on -}}
  {{- $isSaid := ne (toString (get $policies $key).enabled) "false" -}}
  {{- if and (not $is) $isSaid (ne (toJson (omit (get $policies $key) "enabled")) (toJson (omit (get $defaults $key) "enabled"))) -}}
    {{- fail (printf "policies.%s: of no use while it is off: set policies.%s.enabled to true" $key $key) -}}
  {{- end -}}
{{- end -}}
{{- $quota := $policies.resourceQuota -}}
{{- if and $on.resourceQuota (or $quota.scopes $quota.scopeSelector) (not $quota.quota) -}}
  {{- fail "policies.resourceQuota.quota: must be given with scopes, which have no default amounts" -}}
{{- end -}}
{{- $limits := $policies.limitRange -}}
{{- range $place, $amounts := dict "resourceQuota.quota" $quota.quota "limitRange.default" $limits.default "limitRange.defaultRequest" $limits.defaultRequest "limitRange.max" $limits.max "limitRange.min" $limits.min -}}
  {{- range $name, $amount := $amounts -}}
    {{- $text := toString $amount -}}
    {{- $none := and (eq $text "") (or (hasSuffix "max" $place) (hasSuffix "min" $place)) -}}
    {{- $is := get $on (splitList "." $place | first) -}}
    {{- if and $is (or $none (not (regexMatch "^([0-9]+(\\.[0-9]+)?([EPTGMk]i?|m)?)?$" $text))) -}}
      {{- fail (printf "policies.%s.%s: must be a quantity, such as 10, 500m or 5Gi" $place $name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and $network.enabled (eq (toString .Values.sync.toHost.networkPolicies.enabled) "true") -}}
  {{- fail "sync.toHost.networkPolicies.enabled: not with policies.networkPolicy.enabled: NetworkPolicies add up, so a tenant's own could open what these close: leave it out" -}}
{{- end -}}
{{- if and $network.enabled $network.fallbackDns (not .Values.controlPlane.coredns.enabled) -}}
  {{- fail "policies.networkPolicy.fallbackDns: of no use without the virtual cluster's DNS: set controlPlane.coredns.enabled to true" -}}
{{- end -}}
{{- if and $network.enabled $network.fallbackDns .Values.controlPlane.coredns.overwriteConfig -}}
  {{- fail "policies.networkPolicy.fallbackDns: of no use with controlPlane.coredns.overwriteConfig" -}}
{{- end -}}
{{- end -}}
