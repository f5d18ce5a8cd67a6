// Package ext says that nothing is added to Traefik's configuration: its own module leaves the package out.
package ext

// HTTP has no fields more.
type HTTP struct{}

// Router has no fields more.
type Router struct{}
