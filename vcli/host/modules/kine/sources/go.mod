// What is copied before the build, to lay files of ours over it: see vcli.host.go_source.
module vcli.dev/host/kine/sources

go 1.26.5

require github.com/k3s-io/kine v0.17.2
