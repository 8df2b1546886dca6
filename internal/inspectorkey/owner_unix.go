//go:build unix

package inspectorkey

import (
	"os"
	"syscall"
)

// inherit gives what root has made to the owner of the directory that it is in: Caddy, which runs as
// another user, could not read its own key otherwise.
func inherit(dir string, chown func(uid, gid int) error) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	if owner.Uid == 0 {
		return nil
	}
	return chown(int(owner.Uid), int(owner.Gid))
}
