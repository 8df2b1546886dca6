package cli

import (
	"slices"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// filter is which events are wanted: those that fit all that is set.
type filter struct {
	since, until time.Time
	types, ids   []string
}

func (f *filter) wants(e *reader.Event) bool {
	return (f.since.IsZero() || !e.Time.Before(f.since)) &&
		(f.until.IsZero() || e.Time.Before(f.until)) &&
		(len(f.types) == 0 || slices.Contains(f.types, e.Type)) &&
		(len(f.ids) == 0 || slices.Contains(f.ids, e.ID))
}
