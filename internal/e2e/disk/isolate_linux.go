package disk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

const isolated = "DISK_ISOLATED"

// Isolate runs the program once more, in namespaces of its own for mounts and
// processes, and ends with it. So whatever becomes of it, a kill or a panic,
// its children end, and its mounts and loop devices are no more. It is for a
// program's init.
func Isolate() {
	if os.Getenv(isolated) != "" {
		if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			fail(err)
		}
		return
	}
	program, err := os.Executable()
	if err != nil {
		fail(err)
	}
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), isolated+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS, // makes all mounts private
		Pdeathsig:    syscall.SIGKILL,
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fail(err)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "namespaces of its own for a test with disks, which needs root:", err)
	os.Exit(1)
}
