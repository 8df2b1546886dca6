package e2e

import "syscall"

// listenWithoutBacklog has a socket that listens take no more connections than it must.
func listenWithoutBacklog(fd uintptr) error { return syscall.Listen(syscall.Handle(fd), 0) }
