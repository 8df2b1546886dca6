//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package file

// mayWrite returns nil, as here nothing tells.
func mayWrite(string) error { return nil }
