//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package webhookreceiver

// mayWrite returns nil, as here nothing tells.
func mayWrite(string) error { return nil }
