package deliver

import (
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver/cursor"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// needed tells which files hold what is not done.
type needed struct{}

func (l *loop) newTrack() *reader.Track { return reader.NewTrack(l.path, l.handle.Journal) }

func (l *loop) needsOf(*cursor.Record) {}

// needs tells whether a rotated file may hold what is not done.
func (e *engine) needs(time.Time) bool { return true }

// expiring says that a file is about to be removed for its age.
func (e *engine) expiring(time.Time) {}

func (l *loop) expireDead(now time.Time) {}

func (l *loop) countDead(now time.Time) {}
