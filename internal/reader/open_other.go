//go:build !windows

package reader

import "os"

// openShared opens a file that others may rename and remove meanwhile.
func openShared(name string) (*os.File, error) { return os.Open(name) }
