package main

import (
	"net"
	"strconv"
	"testing"
)

func TestFree(t *testing.T) {
	for _, host := range []string{"", "127.0.0.1", "localhost"} {
		taken, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = taken.Close() }()
		n := taken.Addr().(*net.TCPAddr).Port
		port := strconv.Itoa(n)
		given := map[string]bool{}
		for _, asked := range []string{":" + port, "localhost:" + port} {
			got := free(asked, given)
			_, gotPort, err := net.SplitHostPort(got)
			if m, _ := strconv.Atoi(gotPort); err != nil || m <= n || m > n+100 {
				t.Errorf("%s is taken on %q, and %q is for %q", port, host, got, asked)
			}
		}
		if len(given) != 2 {
			t.Errorf("one port for two: %v", given)
		}
	}
	udp, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	if asked := ":" + strconv.Itoa(udp.LocalAddr().(*net.UDPAddr).Port); free(asked, map[string]bool{}) == asked {
		t.Errorf("%s is taken by HTTP/3", asked)
	}
	for _, asked := range []string{"unix//run/caddy.sock", "off", "localhost", ":http"} {
		if got := free(asked, map[string]bool{}); got != asked {
			t.Errorf("%q became %q", asked, got)
		}
	}
	one, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address := one.Addr().String()
	_ = one.Close()
	if got := free(address, map[string]bool{}); got != address {
		t.Errorf("%s is free, and %s was given", address, got)
	}
}
