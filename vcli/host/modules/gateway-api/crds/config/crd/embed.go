// Package crd has the files that lie beside it. The rest of the module is copied here before the build.
package crd

import "embed"

// Files are those of the standard channel.
//
//go:embed standard/*.yaml
var Files embed.FS
