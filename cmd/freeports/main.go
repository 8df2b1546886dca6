// Command freeports prints, for each address that it is given, the same with the
// first port from there on that nobody listens on, for "make run".
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

func main() {
	given := map[string]bool{}
	for _, address := range os.Args[1:] {
		fmt.Println(free(address, given))
	}
}

// free returns the address with a port that is free and was not given to another.
// An address that has none, as that of a Unix socket, is returned as it is.
func free(address string, given map[string]bool) string {
	host, text, err := net.SplitHostPort(address)
	first, notNumber := strconv.Atoi(text)
	if err != nil || notNumber != nil {
		return address
	}
	for n := first; n <= 65535; n++ {
		port := strconv.Itoa(n)
		if !given[port] && !isTaken(host, port) {
			given[port] = true
			return net.JoinHostPort(host, port)
		}
	}
	return address
}

// isTaken tells whether somebody listens on a port: at the host, on all addresses,
// or on one that a browser or curl may try first. A port that may not be listened on
// is not taken, and whoever wants it is told so by Caddy.
func isTaken(host, port string) bool {
	for _, host := range []string{host, "", "127.0.0.1", "::1"} {
		address := net.JoinHostPort(host, port)
		tcp, err := net.Listen("tcp", address)
		if err == nil {
			err = tcp.Close()
		}
		if err == nil {
			var udp net.PacketConn // for HTTP/3
			if udp, err = net.ListenPacket("udp", address); err == nil {
				err = udp.Close()
			}
		}
		if isInUse(err) {
			return true
		}
	}
	return false
}

// isInUse knows the error on Windows, too, where it is WSAEADDRINUSE.
func isInUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.Errno(10048))
}
