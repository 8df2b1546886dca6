package inspector

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// pulse is how often a stream says something, if there is nothing to say. A variable for tests.
var pulse = 15 * time.Second

const (
	// writeWithin is how long a client may take to read what it is sent.
	writeWithin = 30 * time.Second
)

// stream answers with what happens, as server-sent events, until the page is closed, or this config or the
// server ends. https://html.spec.whatwg.org/multipage/server-sent-events.html
func (h *Handler) stream(a *asked) (any, error) {
	client, ok := h.hub.join(a.Header.Get("Last-Event-ID"))
	if !ok {
		return nil, failure(http.StatusServiceUnavailable, "There are too many pages open, or this is ending.", "The page tries again by itself.")
	}
	defer h.hub.leave(client)
	outlive(a.w)
	control := http.NewResponseController(a.w)
	header := a.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store, no-transform") // so that nobody waits for more to compress
	header.Set("X-Accel-Buffering", "no")
	send := func(text []byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(writeWithin)) // not every writer has one
		_, err := a.w.Write(text)
		return err == nil && control.Flush() == nil
	}
	if !send([]byte(": webhook_inspector\n\n")) {
		return nil, nil
	}
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	for {
		select {
		case text, ok := <-client.messages:
			if !ok || !send(text) {
				return nil, nil
			}
		case <-beat.C:
			if _, err := h.userOf(a.Request); err != nil { // there is a new key
				return nil, nil
			}
			if !send([]byte(": \n\n")) {
				return nil, nil
			}
		case <-a.Context().Done():
			return nil, nil
		}
	}
}

// outlive has an answer go on for longer than the server's timeouts allow, as long as each write's deadline is renewed.
func outlive(w http.ResponseWriter) {
	for {
		// A writer of newer Caddys lets no deadline be after that of the whole answer.
		if _, ok := w.(interface {
			Override(timeout time.Duration, minRate int64, maxChunk int) func()
		}); ok {
			if deadline := reflect.Indirect(reflect.ValueOf(w)).FieldByName("Deadline"); deadline.Kind() == reflect.Struct {
				if hard := deadline.FieldByName("HardDeadline"); hard.IsValid() && hard.CanSet() {
					hard.SetZero()
				}
			}
		}
		within, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = within.Unwrap()
	}
	// That for reading the request counts as well: over HTTP/1.1 the connection is read from, to notice its end.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

// message is a server-sent event. The data is one line.
func message(kind, id string, data []byte) []byte {
	text := "event: " + kind + "\n"
	if id != "" {
		text += "id: " + id + "\n"
	}
	return fmt.Appendf(nil, "%sdata: %s\n\n", text, data)
}

// messageID names a place in a hub's ring.
func (b *hub) messageID(seq uint64) string { return b.name + "-" + strconv.FormatUint(seq, 10) }

// seqOf returns the place that an id names, if it is one of this hub.
func (b *hub) seqOf(id string) (seq uint64, ok bool) {
	text, ok := strings.CutPrefix(id, b.name+"-")
	if !ok {
		return 0, false
	}
	seq, err := strconv.ParseUint(text, 10, 64)
	return seq, err == nil
}
