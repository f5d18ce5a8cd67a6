// In place of the module's own: nothing of what it depends on is needed.
module sigs.k8s.io/gateway-api

go 1.26.0
