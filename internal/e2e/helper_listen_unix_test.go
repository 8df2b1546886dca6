//go:build unix

package e2e

import "syscall"

// listenWithoutBacklog has a socket that listens take no more connections than it must.
func listenWithoutBacklog(fd uintptr) error { return syscall.Listen(int(fd), 0) }
