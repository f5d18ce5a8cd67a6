module vcli.dev/host/relay

go 1.26.0
