//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package file

import "syscall"

// mayWrite returns an error if this process can't create files in a directory,
// without trying it.
func mayWrite(dir string) error {
	const writeAndSearch = 2 | 1
	return syscall.Access(dir, writeAndSearch)
}
