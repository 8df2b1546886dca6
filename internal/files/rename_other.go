//go:build !linux

package files

import "errors"

// renameNoReplace is not to be had.
func renameNoReplace(string, string) error { return errors.ErrUnsupported }
