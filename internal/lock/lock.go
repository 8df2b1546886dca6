// Package lock has files that one process at a time can hold, which is let go of when it
// ends, however it does.
package lock

import "errors"

// ErrLocked is the error of Open for a file that another process holds, or another part of
// this one.
var ErrLocked = errors.New("is held by another process")
