package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// drawEvery is how often the progress bar is drawn.
const drawEvery = 100 * time.Millisecond

// bar shows progress on a terminal: how much of the files has been read.
type bar struct {
	console *console
	total   int64         // bytes in all files
	before  int64         // bytes in files before the current one
	current *reader.Lines // may be nil
	began   time.Time
	drawn   time.Time
}

// newBar returns nil, which shows nothing, where there is no terminal.
func newBar(c *console, files []part) *bar {
	if !c.errIsTerminal {
		return nil
	}
	b := &bar{console: c, began: time.Now()}
	for _, f := range files {
		if !f.atEnd {
			b.total += f.info.Size()
		}
	}
	return b
}

// begin says which file is read from now on.
func (b *bar) begin(f *reader.Lines) {
	if b == nil {
		return
	}
	if b.current != nil {
		b.before += b.current.Read()
	}
	b.current = f
}

// show shows that so many events have been sent.
func (b *bar) show(events int64) {
	if b == nil || time.Since(b.drawn) < drawEvery {
		return
	}
	b.drawn = time.Now()
	b.draw(events)
}

func (b *bar) draw(events int64) {
	read := b.before + b.current.Read()
	done := 1.0
	if b.total > 0 {
		done = min(1, float64(read)/float64(b.total))
	}
	elapsed := time.Since(b.began)
	text := fmt.Sprintf(" %3.0f%%  %s events  %.0f/s", done*100, humanize.Comma(events), float64(events)/elapsed.Seconds())
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
	if b != nil {
		_, _ = fmt.Fprint(b.console.err, "\r\x1b[K")
	}
}
