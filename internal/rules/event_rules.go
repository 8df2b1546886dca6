package rules

import (
	"fmt"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// EventRules says where a service puts what becomes an event's attributes, and
// what answer it wants. Of several sources the first with a valid value counts.
type EventRules struct {
	// Where the delivery's id is. Default: each event gets a new UUIDv7.
	ID []Source `json:"id,omitempty"`

	// Where the event's type is. Default: the type is `webhook`.
	Type []Source `json:"type,omitempty"`

	// Where the event's subject is. Default: there is none.
	Subject []Source `json:"subject,omitempty"`

	// Where the array is that has what happened, `body:<path>`. A request in which it is empty
	// is a sign of life: it is answered as an event is, and not stored. Default: there is none.
	Empty Source `json:"empty,omitempty"`

	// The status of the answer to an event that is stored. Default: 200.
	Status int `json:"status,omitempty"`

	// The status of the answer to a request whose signature is not right. Default: 401.
	Refused int `json:"refused,omitempty"`

	// A header of the request that is repeated in the answer. Default: none.
	Echo string `json:"echo,omitempty"`

	// The body of the answer. Default: it is empty.
	Body string `json:"body,omitempty"`

	// The Content-Type of the answer. Default: `text/plain; charset=utf-8`, if
	// there is a body.
	ContentType string `json:"content_type,omitempty"`
}

// Validate returns an error for rules that could not work. It begins with the name
// of the option that it is about.
func (e *EventRules) Validate() error {
	for _, option := range []struct {
		name    string
		sources []Source
	}{{"id", e.ID}, {"type", e.Type}, {"subject", e.Subject}} {
		for _, source := range option.sources {
			if err := source.check(SourceHeader, SourceQuery, SourceForm, SourceBody, SourceKey, SourceXML, SourceClaim); err != nil {
				return fmt.Errorf("%s: %w", option.name, err)
			}
		}
	}
	if e.Empty != "" {
		if err := e.Empty.check(SourceBody); err != nil {
			return fmt.Errorf("empty: %w", err)
		}
	}
	if e.Status != 0 && (e.Status < 200 || e.Status > 299) {
		return fmt.Errorf("status %d: must be from 200 to 299", e.Status)
	}
	if e.Refused != 0 && (e.Refused < 400 || e.Refused > 599) {
		return fmt.Errorf("refused %d: must be from 400 to 599", e.Refused)
	}
	if hasNoBody(e.Status) && e.Body != "" {
		return fmt.Errorf("status %d: an answer with it has no body, so body would not be sent; use 200", e.Status)
	}
	return nil
}

// IsSignOfLife tells whether nothing has happened that the request tells of.
func (e *EventRules) IsSignOfLife(r *Request) bool {
	_, path := e.Empty.Split()
	return e.Empty != "" && event.IsEmptyArray(r.Event, path)
}
