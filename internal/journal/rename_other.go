//go:build !linux && !darwin && !windows

package journal

// rename renames without replacing, with a hard link and a removal where the
// system has no single step for it.
func rename(oldName, newName string) error { return linkAndRemove(oldName, newName) }
