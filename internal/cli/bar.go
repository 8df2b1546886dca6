package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// drawEvery is how often the progress bar is drawn.
const drawEvery = 100 * time.Millisecond

// bar shows progress on a terminal: how much has been read, in bytes.
type bar struct {
	console *console
	total   int64
	ofBytes bool // what the speed is of: else events
	began   time.Time
	drawn   time.Time
	visible bool
}

// newBar returns nil, which shows nothing, where there is no terminal.
func newBar(c *console, total int64) *bar {
	if !c.errIsTerminal {
		return nil
	}
	return &bar{console: c, total: total, began: time.Now()}
}

// show shows how much has been read, and how many events that were.
func (b *bar) show(read, events int64) {
	if b == nil || time.Since(b.drawn) < drawEvery {
		return
	}
	b.drawn = time.Now()
	b.draw(read, events)
}

func (b *bar) draw(read, events int64) {
	b.visible = true
	done := 1.0
	if b.total > 0 {
		done = min(1, float64(read)/float64(b.total))
	}
	elapsed := time.Since(b.began)
	speed := fmt.Sprintf("%.0f/s", float64(events)/elapsed.Seconds())
	if b.ofBytes {
		speed = humanize.Bytes(uint64(float64(read)/elapsed.Seconds())) + "/s"
	}
	text := fmt.Sprintf(" %3.0f%%  %s  %s", done*100, number(events, "event", "events"), speed)
	if done > 0 && done < 1 {
		left := time.Duration(float64(elapsed) * (1 - done) / done)
		text += "  " + left.Round(time.Second).String() + " left"
	}
	_, width := terminal(b.console.err)
	room := max(0, min(40, width-len(text)-3))
	full := int(done * float64(room))
	line := "[" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]" + text
	_, _ = fmt.Fprint(b.console.err, "\r"+cut(line, width-1)+"\x1b[K")
}

// end removes the bar, so that other text can take its place.
func (b *bar) end() {
	if b != nil && b.visible {
		b.visible = false
		_, _ = fmt.Fprint(b.console.err, "\r\x1b[K")
	}
}

// number says how many there are of something: "1 event", or "1,000 events".
func number(n int64, one, many string) string {
	return humanize.Comma(n) + " " + english.PluralWord(int(n), one, many)
}
