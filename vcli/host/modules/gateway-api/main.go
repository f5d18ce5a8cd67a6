// Prints the CustomResourceDefinitions of the Gateway API, those of its standard channel, as a JSON array.
package main

import (
	"encoding/json"
	"log"
	"os"

	"sigs.k8s.io/gateway-api/config/crd"
	"sigs.k8s.io/yaml"
)

const folder = "standard"

func main() {
	files, err := crd.Files.ReadDir(folder)
	if err != nil {
		log.Fatal(err)
	}
	found := []map[string]any{}
	for _, file := range files {
		text, err := crd.Files.ReadFile(folder + "/" + file.Name())
		if err != nil {
			log.Fatal(err)
		}
		object := map[string]any{}
		if err := yaml.Unmarshal(text, &object); err != nil {
			log.Fatalf("%s: %v", file.Name(), err)
		}
		if object["kind"] == "CustomResourceDefinition" {
			found = append(found, object)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}
