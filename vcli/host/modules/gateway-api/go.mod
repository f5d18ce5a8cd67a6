// Prints the CustomResourceDefinitions of the Gateway API.
module vcli.dev/host/gateway-api

go 1.26.0

require (
	sigs.k8s.io/gateway-api v1.6.1
	sigs.k8s.io/yaml v1.6.0
)

require go.yaml.in/yaml/v2 v2.4.2 // indirect

replace sigs.k8s.io/gateway-api => ./crds
