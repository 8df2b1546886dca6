package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// How a delivery can stand.
const (
	DeliveryStarting = "starting" // its config has not taken effect yet, or it can't begin
	DeliveryStandby  = "standby"  // another process delivers
	DeliveryUp       = "up"
	DeliveryDown     = "down" // the application takes nothing
	DeliveryHeld     = "held" // the application has asked to be left alone for a while
	DeliveryPaused   = "paused"
)

// What can be done with a delivery.
const (
	DeliveryPause  = "pause"
	DeliveryResume = "resume"
	DeliverySkip   = "skip"  // gives up the oldest event that was tried and not taken
	DeliveryRetry  = "retry" // sends the dead letters again
)

// DeliveryActions is everything that can be done with a delivery.
var DeliveryActions = []string{DeliveryPause, DeliveryResume, DeliverySkip, DeliveryRetry}

// DeliveryReport is how one delivery stands.
type DeliveryReport struct {
	Receiver    string            `json:"receiver"`
	Name        string            `json:"name"`
	URL         string            `json:"url"` // without what may be secret of it
	State       string            `json:"state"`
	Since       *time.Time        `json:"since,omitempty"`      // it is down
	HeldUntil   *time.Time        `json:"held_until,omitempty"` // nothing is sent
	Backlog     int64             `json:"backlog_bytes"`        // of the file, not read yet
	Undone      int               `json:"undone"`               // events that were read, and are not delivered
	Retrying    int               `json:"retrying"`             // of them: that were tried
	Oldest      *time.Time        `json:"oldest,omitempty"`     // when the oldest event that is not delivered was received
	DeadLetters int               `json:"dead_letters"`         // in the file
	DeadFile    string            `json:"dead_file"`
	LastAttempt *time.Time        `json:"last_attempt,omitempty"` // when one ended
	LastTaken   *time.Time        `json:"last_taken,omitempty"`
	LastError   string            `json:"last_error,omitempty"` // of the last attempt that failed
	Outcomes    map[string]uint64 `json:"outcomes"`             // since the process started
	Warnings    []string          `json:"warnings,omitempty"`
}

// Delivery is a delivery of this process.
type Delivery interface {
	// InEffect tells whether the config that runs has it.
	InEffect() bool

	// Report tells how it stands.
	Report() DeliveryReport

	// Do does one of DeliveryActions, and returns what became of it, in words. The error is about
	// a delivery that can't do it now.
	Do(ctx context.Context, action string) (string, error)

	// SendAgain sends an event once more, of which this is the line, beside all that is under way, and
	// returns what became of it.
	SendAgain(ctx context.Context, line []byte) (Attempt, error)

	// Knows tells what the delivery knows of the event whose line is there, and only that.
	Knows(ctx context.Context, at Line) EventReport
}

// Line is where an event's line is in its journal, as internal/reader tells it.
type Line struct {
	Text    []byte // without its line feed
	File    [16]byte
	Rotated time.Time
	Offset  int64
}

// How an event can stand with a delivery.
const (
	EventWaiting  = "waiting"  // it was not tried yet
	EventSending  = "sending"  // it is under way
	EventRetrying = "retrying" // it was not taken, and is tried again
	EventPast     = "past"     // it was taken or given up, or is from before the delivery began
	EventUnwanted = "unwanted" // the delivery does not send such events
	EventUnknown  = "unknown"  // the delivery has not begun, or another process delivers
)

// EventReport is how an event stands with a delivery.
type EventReport struct {
	State string     `json:"state"`
	Tried int        `json:"tried,omitempty"` // attempts
	Due   *time.Time `json:"due,omitempty"`   // of the next one
}

var deliveries struct {
	sync.Mutex
	all []Delivery
}

// PublishDelivery has a delivery reported until what it returns is called.
func PublishDelivery(d Delivery) (withdraw func()) {
	deliveries.Lock()
	defer deliveries.Unlock()
	deliveries.all = append(deliveries.all, d)
	return func() {
		deliveries.Lock()
		defer deliveries.Unlock()
		deliveries.all = slices.DeleteFunc(deliveries.all, func(other Delivery) bool { return other == d })
	}
}

// deliveriesInEffect returns those of the config that runs.
func deliveriesInEffect() []Delivery {
	deliveries.Lock()
	all := slices.Clone(deliveries.all)
	deliveries.Unlock()
	return slices.DeleteFunc(all, func(d Delivery) bool { return !d.InEffect() })
}

// Deliveries returns how the deliveries of the config that runs stand, in the order of their
// receivers' names and their own, without secrets that are known.
func Deliveries() []DeliveryReport {
	all := deliveriesInEffect()
	mask := find()
	reports := make([]DeliveryReport, 0, len(all))
	for _, d := range all {
		r := d.Report()
		r.URL, r.LastError = mask.Replace(r.URL), mask.Replace(r.LastError)
		r.Warnings = slices.Clone(r.Warnings)
		for i := range r.Warnings {
			r.Warnings[i] = mask.Replace(r.Warnings[i])
		}
		reports = append(reports, r)
	}
	slices.SortStableFunc(reports, func(a, b DeliveryReport) int {
		return cmp.Or(strings.Compare(a.Receiver, b.Receiver), strings.Compare(a.Name, b.Name))
	})
	return reports
}

// isOf tells whether the delivery is of a receiver, of whose name there may be several.
func (r *DeliveryReport) isOf(receiver *Receiver) bool {
	return r.Receiver == receiver.Name && slices.ContainsFunc(receiver.Outputs, func(o Output) bool { return r.isFrom(o.File) })
}

// DeliveriesFrom returns those of a receiver that deliver from a file.
func DeliveriesFrom(path, receiver string) (found []Delivery) {
	for _, d := range deliveriesInEffect() {
		if r := d.Report(); r.Receiver == receiver && r.isFrom(path) {
			found = append(found, d)
		}
	}
	return found
}

// isFrom tells whether the delivery is from a file.
func (r *DeliveryReport) isFrom(path string) bool {
	return path != "" && strings.HasPrefix(r.DeadFile, path+"."+r.Name+".")
}

// FindDeliveries returns those of a receiver and name: there are several where receivers of the
// same name have different files.
func FindDeliveries(receiver, name string) (found []Delivery) {
	for _, d := range deliveriesInEffect() {
		if r := d.Report(); r.Name == name && r.Receiver == receiver {
			found = append(found, d)
		}
	}
	return found
}

// Act does it with each of the deliveries of a receiver's name and their own: with several
// files they can't be told apart. It fails if none of them can do it.
func Act(ctx context.Context, deliveries []Delivery, action string) (string, error) {
	var all []string
	failures := 0
	for _, d := range deliveries {
		text, err := d.Do(ctx, action)
		if err != nil {
			text = err.Error()
			failures++
		}
		if len(deliveries) > 1 {
			text = fmt.Sprintf("that with the dead letters in %s: %s", d.Report().DeadFile, text)
		}
		all = append(all, text)
	}
	text := strings.Join(all, "; ")
	if failures == len(deliveries) {
		return "", errors.New(text)
	}
	return text, nil
}
