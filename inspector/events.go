package inspector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// What one answer takes at most: so much is read, decompressed, or so long.
const (
	answerBytes = 64 << 20
	answerTime  = 500 * time.Millisecond
	answerMost  = 200 // events
	askedMost   = 100 // texts of one kind
)

// question is what events are looked for.
type question struct {
	Since         time.Time `json:"since"`
	Until         time.Time `json:"until"`
	IDs           []string  `json:"ids"`
	Receivers     []string  `json:"receivers"`
	Types         []string  `json:"types"` // with * for anything
	Subjects      []string  `json:"subjects"`
	Verifications []string  `json:"verifications"` // "none": nothing was checked
	Text          string    `json:"text"`
	Limit         int       `json:"limit"`
	Cursor        string    `json:"cursor"`
}

// isSearch tells whether much may have to be read for the answer.
func (q *question) isSearch() bool {
	return q.Text != "" || len(q.IDs)+len(q.Types)+len(q.Subjects)+len(q.Verifications)+len(q.Receivers) > 0 || !q.Until.IsZero()
}

// list is the answer.
type list struct {
	Events   []summary `json:"events"`
	Cursor   string    `json:"cursor"` // where to go on, sealed
	Complete bool      `json:"complete"`
	Looked   looked    `json:"looked"`
	Took     int64     `json:"took_ms"`
	Problems []string  `json:"problems,omitempty"` // files that can't be read
}

// looked is how far was looked.
type looked struct {
	Files  int    `json:"files"`
	Of     int    `json:"of"`
	Bytes  int64  `json:"bytes"`             // by this answer
	BackTo string `json:"back_to,omitempty"` // everything from then on
}

// searching is held by whoever searches: one at a time in the process.
var searching = make(chan struct{}, 1)

func (h *Handler) events(a *asked) (any, error) {
	var q question
	if err := a.read(&q); err != nil {
		return nil, err
	}
	for _, texts := range [][]string{q.IDs, q.Receivers, q.Types, q.Subjects, q.Verifications} {
		if len(texts) > askedMost {
			return nil, failure(http.StatusBadRequest, fmt.Sprintf("The question has more than %d texts of one kind.", askedMost), "")
		}
	}
	if q.isSearch() || len(h.Receivers) > 0 { // what may be seen may be rare
		select {
		case searching <- struct{}{}:
			defer func() { <-searching }()
		case <-a.Context().Done():
			return nil, a.Context().Err()
		}
	}
	return h.list(a.Context(), h.view(), &q)
}

func (h *Handler) list(ctx context.Context, v view, q *question) (*list, error) {
	began := time.Now()
	places, ok := placesOf(q.Cursor)
	if !ok {
		return nil, errChanged
	}
	wants := h.matcher(v, q)
	l := reader.Latest{
		Paths: v.paths(), Wants: wants, Limit: min(max(q.Limit, 1), answerMost), Bytes: answerBytes, Time: answerTime,
		Query: reader.Query{Since: q.Since, Until: q.Until, IDs: q.IDs, Types: plainOnly(q.Types), Subjects: plainOnly(q.Subjects)},
		Rest:  rester(ctx),
	}
	if q.Text != "" && !h.NoPayload {
		l.Query.Texts, l.Query.Anywhere = []string{q.Text}, true
	}
	answer := &list{Events: []summary{}}
	l.Failed = func(err error) { answer.Problems = append(answer.Problems, err.Error()) }
	found, next, err := l.Run(ctx, places)
	if errors.Is(err, reader.ErrGone) {
		return nil, errChanged
	}
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		answer.Events = append(answer.Events, v.summary(e.Path, e.Position, e.Event))
	}
	answer.Cursor, answer.Complete = cursorOf(next), next.Done()
	answer.Looked = looked{Files: l.Files, Of: l.Of, Bytes: l.Read}
	if !l.BackTo.IsZero() {
		answer.Looked.BackTo = l.BackTo.UTC().Format(time.RFC3339Nano)
	}
	answer.Took = time.Since(began).Milliseconds()
	return answer, nil
}

var errChanged = failure(http.StatusGone, "The files have changed since the list was begun.", "List anew.")

func cursorOf(places reader.Places) string {
	text, _ := json.Marshal(places) // which never fails
	return seal(text)
}

// placesOf returns what a cursor is of: nothing, if there is none.
func placesOf(cursor string) (places reader.Places, ok bool) {
	if cursor == "" {
		return nil, true
	}
	text, ok := unseal(cursor)
	if !ok || json.Unmarshal(text, &places) != nil {
		return nil, false
	}
	return places, true
}

// matcher returns what tells whether an event is wanted, and may be seen, as far as a query does not.
func (h *Handler) matcher(v view, q *question) func(path string, e *reader.Event) bool {
	types, subjects := globs(q.Types), globs(q.Subjects)
	return func(path string, e *reader.Event) bool {
		verification := v.said(path, e, event.Verification)
		if verification == "" {
			verification = "none"
		}
		return v.showsEvent(path, e) &&
			(len(q.Receivers) == 0 || slices.Contains(q.Receivers, v.receiverOf(path, e))) &&
			(len(q.Verifications) == 0 || slices.Contains(q.Verifications, verification)) &&
			fitsOne(types, e.Type) && fitsOne(subjects, e.Subject) &&
			(q.Text == "" || !h.NoPayload || inNames(e, q.Text))
	}
}

// inNames tells whether a text is in what is shown of an event whose body and header fields are hidden: else
// the search would tell what is in them.
func inNames(e *reader.Event, text string) bool {
	return slices.ContainsFunc([]string{e.ID, e.Type, e.Subject}, func(name string) bool { return strings.Contains(name, text) })
}

// plainOnly returns the texts, if none of them has a *.
func plainOnly(texts []string) []string {
	if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, "*") }) {
		return nil
	}
	return texts
}

const (
	// restTimes is how much longer than it has worked a search rests, while requests are received.
	restTimes = 20

	longestRest = 100 * time.Millisecond
)

// rester returns what has a search yield to receiving.
func rester(ctx context.Context) func(worked time.Duration) {
	counted := status.Counted()
	return func(worked time.Duration) {
		if now := status.Counted(); now != counted {
			timer := time.NewTimer(min(restTimes*worked, longestRest))
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			counted = status.Counted()
		}
	}
}
