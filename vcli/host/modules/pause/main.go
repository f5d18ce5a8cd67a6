// Command pause holds a pod's namespaces open and reaps whatever is re-parented to it, as the upstream image of that name does.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for {
		reap()
		switch <-signals {
		case syscall.SIGINT, syscall.SIGTERM:
			os.Exit(0)
		}
	}
}

// reap collects every child that has ended: with a shared PID namespace this process is their init.
func reap() {
	for {
		if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 && err != syscall.EINTR {
			return
		}
	}
}
