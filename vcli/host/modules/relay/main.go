// Command relay offers the node's API server to the machine.
//
// File descriptor 3 is a listening socket that was made in the machine's network namespace; the target is dialled in the
// namespace that this process runs in, the node's. So no device, route or firewall rule is needed on the machine, and with
// the node gone a connection is refused at once. Bytes move inside the kernel (splice), not through this process.
package main

import (
	"errors"
	"io"
	"log"
	"net"
	"os"
	"syscall"
	"time"
)

const listeningSocket = 3

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: relay HOST:PORT, with a listening socket as file descriptor 3")
	}
	listener, err := net.FileListener(os.NewFile(listeningSocket, "machine"))
	if err != nil {
		log.Fatalf("file descriptor %d: %v", listeningSocket, err)
	}
	for {
		client, err := listener.Accept()
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ECONNABORTED) {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		go serve(client.(*net.TCPConn), os.Args[1])
	}
}

func serve(client *net.TCPConn, target string) {
	defer client.Close()
	conn, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		// A reset, not an orderly end: the client sees at once that nobody answered.
		_ = client.SetLinger(0)
		return
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	done := make(chan struct{}, 2)
	go pipe(server, client, done)
	go pipe(client, server, done)
	<-done
	<-done
}

// pipe copies one direction and passes its end on, so that half-closed connections keep working.
func pipe(to, from *net.TCPConn, done chan<- struct{}) {
	_, err := io.Copy(to, from)
	if err != nil {
		_ = to.SetLinger(0)
		_ = to.Close()
		_ = from.Close()
	} else {
		_ = to.CloseWrite()
	}
	done <- struct{}{}
}
