package inspectorkey

import (
	"net"
	"strings"
)

// IsHere tells whether a host, with or without a port, is the machine that a browser runs on. Only there is the
// key taken over plain HTTP: anybody on the way could read it.
func IsHere(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}
