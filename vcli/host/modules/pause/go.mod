module vcli.dev/host/pause

go 1.26.0
