// What is copied before the build, to lay files of ours over it: see vcli.host.go_source.
module vcli.dev/host/gateway-api/sources

go 1.26.0

require sigs.k8s.io/gateway-api v1.6.1
