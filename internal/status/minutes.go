package status

import (
	"sync/atomic"
	"time"
)

// hour is how many minutes are told of.
const hour = 60

// minutes counts requests by the minute, for an hour.
type minutes [hour]struct {
	minute          atomic.Int64 // since 1970
	stored, refused atomic.Uint32
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// indexOf returns where a minute is counted. It may be before 1970: that is when clocks begin that nobody has set.
func indexOf(minute int64) int64 { return (minute%hour + hour) % hour }

func (m *minutes) count(at time.Time, refused bool) {
	minute := minuteOf(at)
	of := &m[indexOf(minute)]
	if old := of.minute.Load(); old != minute && of.minute.CompareAndSwap(old, minute) {
		of.stored.Store(0) // what others count right now may be forgotten
		of.refused.Store(0)
	}
	if refused {
		of.refused.Add(1)
	} else {
		of.stored.Add(1)
	}
}

// last returns what was stored, and what was refused, in each minute of the hour up to now: the oldest first.
func (m *minutes) last(now time.Time) (all [hour][2]uint32) {
	for i := range all {
		minute := minuteOf(now) - hour + 1 + int64(i)
		if of := &m[indexOf(minute)]; of.minute.Load() == minute {
			all[i] = [2]uint32{of.stored.Load(), of.refused.Load()}
		}
	}
	return all
}
