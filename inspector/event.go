package inspector

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// maxShown is how much of a body is shown, in bytes: more can be saved.
const maxShown = 1 << 20

// opened is one event.
type opened struct {
	summary
	Source      string          `json:"source"`
	ContentType string          `json:"content_type"`
	Attributes  [][2]string     `json:"attributes"` // that are shown nowhere else
	Method      string          `json:"method"`
	Target      string          `json:"target"`
	Headers     [][2]*string    `json:"headers"` // name and value; null: it is hidden
	Body        *text           `json:"body,omitempty"`
	BodySize    int             `json:"body_size"`
	Record      string          `json:"record,omitempty"` // the line
	Curl        string          `json:"curl,omitempty"`
	CurlNotes   []string        `json:"curl_notes,omitempty"`
	Deliveries  []eventDelivery `json:"deliveries"`
}

// text is what was sent, as text or else in base64.
type text struct {
	Text   *string `json:"text,omitempty"`
	Base64 []byte  `json:"base64,omitempty"`
	Cut    int     `json:"cut,omitempty"` // it is only so many bytes of it
}

// eventDelivery is what became of an event at an application.
type eventDelivery struct {
	Name string `json:"name"`
	status.EventReport
	Why      string           `json:"why,omitempty"`
	Attempts []status.Attempt `json:"attempts"` // of the last ones
}

// What became of an event, beside what a delivery itself knows.
const (
	eventTaken = "taken"
	eventDead  = "dead"
)

// keyed is a question about one event.
type keyed struct {
	Key string `json:"key"`
}

func (h *Handler) event(a *asked) (any, error) {
	v := h.view()
	e, err := h.open(a, v, "an event was opened in the inspector")
	if err != nil {
		return nil, err
	}
	r, err := e.Request()
	if err != nil {
		return nil, failure(http.StatusUnprocessableEntity, "The event can't be read: "+err.Error()+".", "caddy webhook check tells what else is wrong with its file.")
	}
	o := &opened{
		summary: v.summary(e.path, e.position, e.Event), Source: e.Source, ContentType: e.ContentType, Attributes: [][2]string{},
		Method: r.Method, Target: r.Target, Headers: [][2]*string{}, BodySize: len(r.Body), Deliveries: h.deliveriesOf(a.Context(), e),
	}
	for _, attribute := range e.Extensions {
		if !slices.Contains([]string{event.Receiver, event.Verification, event.HTTPHeaders, event.BodySent}, attribute[0]) {
			o.Attributes = append(o.Attributes, attribute)
		}
	}
	for _, name := range r.Names() {
		for _, value := range r.Header[name] {
			field := [2]*string{&name, &value}
			if h.NoPayload {
				field[1] = nil
			}
			o.Headers = append(o.Headers, field)
		}
	}
	if h.NoPayload {
		o.Target, _, _ = strings.Cut(o.Target, "?")
		o.Attributes = [][2]string{} // whose values may be from the body
		return o, nil
	}
	if len(r.Body) > 0 {
		o.Body = textOf(r.Body)
	}
	if len(e.Text) <= maxShown {
		o.Record = string(e.Text)
		var left []string
		o.Curl, left = r.Curl()
		for _, name := range left {
			o.CurlNotes = append(o.CurlNotes, name+" was not stored, as it may be a secret, and is left out.")
		}
	}
	return o, nil
}

// open finds the event that is asked for, and logs who has asked.
func (h *Handler) open(a *asked, v view, message string) (*found, error) {
	var q keyed
	if err := a.read(&q); err != nil {
		return nil, err
	}
	e, err := v.find(q.Key)
	if err == nil {
		h.logger.Info(message, zap.String("user", a.user), zap.String("receiver", e.receiver), zap.String("id", shortened(e.ID)))
	}
	return e, err
}

// textOf returns a body, or its beginning.
func textOf(body []byte) *text {
	t := new(text)
	isText := utf8.Valid(body)
	if len(body) > maxShown {
		body = body[:maxShown]
		for isText && !utf8.Valid(body) { // in the middle of a letter
			body = body[:len(body)-1]
		}
		t.Cut = len(body)
	}
	if isText {
		s := string(body)
		t.Text = &s
	} else {
		t.Base64 = body
	}
	return t
}

// body answers with the body as it was sent, byte for byte.
func (h *Handler) body(a *asked) (any, error) {
	if h.NoPayload {
		return nil, failure(http.StatusForbidden, "Bodies are hidden here.", "The config says no_payload.")
	}
	e, err := h.open(a, h.view(), "an event's body was taken from the inspector")
	if err != nil {
		return nil, err
	}
	body, err := e.BodySent()
	if err != nil {
		return nil, err
	}
	header := a.w.Header()
	header.Set("Content-Type", "application/octet-stream") // whatever it is, it is not run
	header.Set("Content-Disposition", "attachment")
	header.Set("Content-Length", fmt.Sprint(len(body)))
	_, _ = a.w.Write(body)
	return nil, nil
}

// deliveriesOf returns what became of an event at each application.
func (h *Handler) deliveriesOf(ctx context.Context, e *found) []eventDelivery {
	list := []eventDelivery{}
	for _, d := range status.DeliveriesFrom(e.path, e.receiver) {
		report := d.Report()
		one := eventDelivery{Name: report.Name, EventReport: d.Knows(ctx, e.line())}
		one.Attempts = h.attemptsOf(0, func(a *status.Attempt) bool {
			return a.ID == e.ID && a.Receiver == report.Receiver && a.Delivery == report.Name
		})
		if one.State == status.EventPast {
			if reason, dead := deadReason(ctx, report.DeadFile, e.Event); dead {
				one.State, one.Why = eventDead, h.reason(reason)
			} else if slices.ContainsFunc(one.Attempts, func(a status.Attempt) bool { return a.Taken }) {
				one.State = eventTaken
			}
		}
		list = append(list, one)
	}
	return list
}

// line returns where the event's line is.
func (e *found) line() status.Line {
	return status.Line{Text: e.Text, File: e.position.File, Rotated: e.position.Rotated, Offset: e.position.Offset}
}

// deadReason looks for an event among the newest dead letters. Others may be there that have its id: of another
// receiver, or stored at another time.
func deadReason(ctx context.Context, path string, e *reader.Event) (reason string, dead bool) {
	if path == "" || e.ID == "" {
		return "", false
	}
	l := reader.Latest{
		Paths: []string{path}, Query: reader.Query{IDs: []string{e.ID}}, Limit: 1, Bytes: answerBytes / 4, Time: 100 * time.Millisecond,
		Wants: func(_ string, letter *reader.Event) bool {
			return letter.Attribute(event.Receiver) == e.Attribute(event.Receiver) && letter.TimeText == e.TimeText
		},
	}
	letters, _, err := l.Run(ctx, nil)
	if err != nil || len(letters) == 0 {
		return "", false
	}
	return letters[0].Attribute(reader.DeadReason), true
}
