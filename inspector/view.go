package inspector

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// view is what may be seen: files, and of which receivers.
type view struct {
	only  []string               // names of receivers; none: all
	files map[string]status.File // by their paths
}

func (h *Handler) view() view {
	v := view{h.Receivers, status.Files()}
	maps.DeleteFunc(v.files, func(_ string, of status.File) bool { return !slices.ContainsFunc(of.Receivers, v.shows) })
	return v
}

// paths returns those of the files.
func (v view) paths() []string {
	paths := make([]string, 0, len(v.files))
	for path := range v.files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// shows tells whether the receiver of that name may be seen.
func (v view) shows(receiver string) bool {
	return len(v.only) == 0 || slices.Contains(v.only, receiver)
}

// remedy returns what can be done about a refusal, without the name of a receiver that may not be seen, whose
// secret it was.
func (v view) remedy(text string) string {
	before, name, found := strings.Cut(text, outcome.OfReceiver)
	if name, _, _ = strings.Cut(name, ": "); !found || v.shows(name) {
		return text
	}
	return before + "of another receiver"
}

// receiverOf returns the name of the receiver that has stored an event, as far as it is known.
func (v view) receiverOf(path string, e *reader.Event) string {
	if name := v.said(path, e, event.Receiver); name != "" {
		return name
	}
	if names := v.files[path].Receivers; len(names) == 1 {
		return names[0]
	}
	return ""
}

// said returns the attribute that a receiver has given an event. In a raw file it is anybody's word.
func (v view) said(path string, e *reader.Event, attribute string) string {
	if v.files[path].Raw {
		return ""
	}
	return e.Attribute(attribute)
}

// showsEvent tells whether an event may be seen. One that may be of several receivers is, if all of them may.
func (v view) showsEvent(path string, e *reader.Event) bool {
	if name := v.receiverOf(path, e); name != "" {
		return v.shows(name)
	}
	return v.showsAll(path)
}

// showsAll tells whether all events in a file may be seen.
func (v view) showsAll(path string) bool {
	return len(v.only) == 0 || !slices.ContainsFunc(v.files[path].Receivers, func(name string) bool { return !v.shows(name) })
}

// keyOf returns what names an event: its file, and where it is there, sealed.
func keyOf(path string, p reader.Position) string {
	text, _ := p.MarshalText() // which never fails
	return seal(append([]byte(nameOf(path)+"."), text...))
}

func nameOf(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:6])
}

// found is an event that was found again.
type found struct {
	*reader.Event
	path     string
	position reader.Position
	receiver string
}

var errNoEvent = failure(http.StatusNotFound, "The event is not there any more.", "Its file was removed, perhaps for its age: see roll_keep and roll_keep_for.")

// find finds the event of a key.
func (v view) find(key string) (*found, error) {
	text, ok := unseal(key)
	name, place, _ := strings.Cut(string(text), ".")
	var p reader.Position
	if !ok || p.UnmarshalText([]byte(place)) != nil {
		return nil, failure(http.StatusBadRequest, "The key is that of no event, or from before Caddy was started.", "List anew.")
	}
	for path := range v.files {
		if nameOf(path) != name {
			continue
		}
		track := reader.NewTrack(path, nil)
		defer track.Close()
		line, now, err := track.Find(p)
		if errors.Is(err, reader.ErrGone) || errors.Is(err, os.ErrNotExist) {
			return nil, errNoEvent
		}
		if err != nil {
			return nil, err
		}
		_, e, err := reader.Parse(reader.Line{Text: slices.Clone(line)})
		if err != nil || e == nil || !v.showsEvent(path, e) {
			return nil, errNoEvent
		}
		return &found{e, path, now, v.receiverOf(path, e)}, nil
	}
	return nil, errNoEvent
}

// summary is an event in a list.
type summary struct {
	Key          string `json:"key"`
	ID           string `json:"id"`
	Type         string `json:"type"`
	Subject      string `json:"subject"`
	Time         string `json:"time"`
	Receiver     string `json:"receiver"`
	Verification string `json:"verification"`
	Size         int    `json:"size"` // of the line, in bytes
}

func (v view) summary(path string, p reader.Position, e *reader.Event) summary {
	return summary{
		keyOf(path, p), shortened(e.ID), shortened(e.Type), shortened(e.Subject), shortened(e.TimeText),
		v.receiverOf(path, e), v.said(path, e, event.Verification), len(e.Text),
	}
}

// maxInSummary is how much of a text is in a summary, in bytes: as much as receivers take, except for raw lines.
const maxInSummary = 1 << 10

func shortened(text string) string {
	if len(text) <= maxInSummary {
		return text
	}
	return strings.ToValidUTF8(status.Shortened(text, maxInSummary), "")
}
