package reader

import (
	"io/fs"
	"os"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

// NewestRotated returns the file of a journal that was rotated last, and when; nil if there is none.
func NewestRotated(path string) (fs.FileInfo, time.Time, error) {
	rotated, _, err := files.List(files.OS{}, Absolute(path))
	if err != nil || len(rotated) == 0 {
		return nil, time.Time{}, err
	}
	newest := rotated[len(rotated)-1]
	info, err := os.Stat(newest.Forms[0])
	return info, newest.At, err
}
