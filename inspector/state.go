package inspector

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// process tells the pages of one process from those of another.
var process = strconv.FormatInt(status.Started.UnixNano(), 36)

// standing is how everything stands.
type standing struct {
	Process   string                  `json:"process"`
	Started   time.Time               `json:"started"`
	ReadOnly  bool                    `json:"read_only"`
	NoPayload bool                    `json:"no_payload"`
	Receivers []status.ReceiverReport `json:"receivers"`

	// Names of outcomes of requests that were refused.
	RefusedOutcomes []string `json:"refused_outcomes"`

	// The numbers of the last ones.
	RefusedSeq  uint64 `json:"refused_seq"`
	AttemptsSeq uint64 `json:"attempts_seq"`
}

// refusedOutcomes are those of requests that somebody should know of.
var refusedOutcomes = slices.DeleteFunc(slices.Clone(outcome.All), func(name string) bool {
	return name == outcome.Stored || name == outcome.Duplicate || name == outcome.Verified || name == outcome.MethodNotAllowed
})

func (h *Handler) standing() standing {
	report := status.Now()
	s := standing{
		Process: process, Started: report.Started, ReadOnly: h.ReadOnly, NoPayload: h.NoPayload, Receivers: []status.ReceiverReport{},
		RefusedOutcomes: refusedOutcomes, RefusedSeq: status.RefusedSeq(), AttemptsSeq: status.AttemptSeq(),
	}
	v := view{only: h.Receivers}
	if len(v.only) > 0 { // else they tell how much others get
		s.RefusedSeq, s.AttemptsSeq = 0, 0
		for _, r := range status.LastRefused(0) {
			if v.shows(r.Receiver) {
				s.RefusedSeq = r.Seq
			}
		}
		for _, a := range status.LastAttempts(0) {
			if v.shows(a.Receiver) {
				s.AttemptsSeq = a.Seq
			}
		}
	}
	for _, r := range report.Receivers {
		if !v.shows(r.Name) {
			continue
		}
		r.CanTest = r.CanTest && !h.ReadOnly
		if last := r.LastRefusal; last != nil {
			bare := *last
			bare.Remedy = v.remedy(last.Remedy)
			r.LastRefusal = &bare
		}
		for i := range r.Outputs { // it changes all the time; a warning tells if little is free
			r.Outputs[i].DiskFree = 0
		}
		for i := range r.Deliveries {
			d := &r.Deliveries[i]
			for j := range d.Warnings {
				d.Warnings[j] = strings.ReplaceAll(d.Warnings[j], d.LastError, h.reason(d.LastError))
			}
			d.LastError = h.reason(d.LastError)
		}
		s.Receivers = append(s.Receivers, r)
	}
	return s
}

// reason returns why an event was not taken, without what of the answer may quote the event, if that is hidden.
func (h *Handler) reason(text string) string {
	if h.NoPayload {
		return status.WithoutAnswer(text)
	}
	return text
}

func (h *Handler) state(a *asked) (any, error) {
	return struct {
		standing
		User string `json:"user"`
	}{h.standing(), a.user}, nil
}

// after returns the parameter: a number, of which all that are higher are wanted.
func (a *asked) after() (uint64, error) {
	text := a.URL.Query().Get("after")
	if text == "" {
		return 0, nil
	}
	after, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, failure(http.StatusBadRequest, fmt.Sprintf("after=%s is no number.", text), "")
	}
	return after, nil
}

func (h *Handler) refused(a *asked) (any, error) {
	after, err := a.after()
	if err != nil {
		return nil, err
	}
	v := view{only: h.Receivers}
	list := []*status.Refused{}
	for _, r := range status.LastRefused(after) {
		if !v.shows(r.Receiver) {
			continue
		}
		if h.NoPayload {
			r = r.WithoutContent()
		}
		if remedy := v.remedy(r.Remedy); remedy != r.Remedy {
			bare := *r
			bare.Remedy = remedy
			r = &bare
		}
		list = append(list, r)
	}
	return struct {
		Refused []*status.Refused `json:"refused"`
	}{list}, nil
}

func (h *Handler) attempts(a *asked) (any, error) {
	after, err := a.after()
	if err != nil {
		return nil, err
	}
	return struct {
		Attempts []status.Attempt `json:"attempts"`
	}{h.attemptsOf(after, func(*status.Attempt) bool { return true })}, nil
}

// attemptsOf returns the attempts that may be seen, and are wanted, the oldest first.
func (h *Handler) attemptsOf(after uint64, wants func(*status.Attempt) bool) []status.Attempt {
	v := view{only: h.Receivers}
	list := []status.Attempt{}
	for _, one := range status.LastAttempts(after) {
		if v.shows(one.Receiver) && wants(&one) {
			one.Reason = h.reason(one.Reason)
			list = append(list, one)
		}
	}
	return list
}
