//go:build !linux

package journal

import "errors"

// renameNoReplace is not to be had.
func renameNoReplace(string, string) error { return errors.ErrUnsupported }
