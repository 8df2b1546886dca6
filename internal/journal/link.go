//go:build !windows

package journal

import "os"

// linkAndRemove renames without replacing, on systems that cannot do so in one
// step. A crash in between leaves the file under both names.
func linkAndRemove(oldName, newName string) error {
	if err := os.Link(oldName, newName); err != nil {
		return err
	}
	return os.Remove(oldName)
}
