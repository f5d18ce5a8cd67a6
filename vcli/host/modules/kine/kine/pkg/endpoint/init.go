// Package endpoint knows the databases that virtual clusters use: those of other drivers are left out, with all that
// they need.
package endpoint

import (
	_ "github.com/k3s-io/kine/pkg/drivers/mysql"
	_ "github.com/k3s-io/kine/pkg/drivers/pgsql"
	_ "github.com/k3s-io/kine/pkg/drivers/sqlite"
)
