// What is copied before the build, to lay files of ours over it: see vcli.host.go_source.
module vcli.dev/host/traefik/sources

go 1.26.0

require github.com/go-acme/lego/v5 v5.4.1
