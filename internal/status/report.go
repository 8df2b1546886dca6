package status

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
)

const (
	// A receiver looks as if nothing came any more when there was no event for so
	// long.
	longSilence = 24 * time.Hour

	// It looks as if it refused everything when it refused so many requests, and
	// took none in between.
	manyRefused = 5

	// Of a file system so little must be free, by its size, and in bytes: a tenth of
	// a large one is still much.
	leastFree      = 10 // hundredths
	leastFreeBytes = 5 << 30
)

// Report is how all receivers stand.
type Report struct {
	Started   time.Time        `json:"started"` // when the process began to count
	Receivers []ReceiverReport `json:"receivers"`

	// Where the inspectors are, as URLs, with a * for what the config leaves open.
	Inspectors []string `json:"inspectors"`
}

// ReceiverReport is how one receiver stands.
type ReceiverReport struct {
	Name     string `json:"name"`
	Provider string `json:"provider"`
	Service
	Address          Address           `json:"address"`
	Certificates     []Certificate     `json:"certificates"`
	Sites            []string          `json:"sites"` // with the path
	Outputs          []OutputReport    `json:"outputs"`
	Verifies         bool              `json:"verifies"` // the provider makes verifications
	LastVerification *time.Time        `json:"last_verification,omitempty"`
	LastVerifier     string            `json:"last_verification_by,omitempty"` // its IP address
	LastEvent        *time.Time        `json:"last_event,omitempty"`
	Minutes          [hour][2]uint32   `json:"minutes"` // stored and refused in each minute of the last hour, the oldest first
	CanTest          bool              `json:"can_test"`
	Requests         map[string]uint64 `json:"requests"` // by outcome
	LastRefusal      *Refusal          `json:"last_refusal,omitempty"`
	Deliveries       []DeliveryReport  `json:"deliveries"`
	Warnings         []string          `json:"warnings,omitempty"`
}

// OutputReport is how an output stands.
type OutputReport struct {
	Output   string     `json:"output"`
	Durable  bool       `json:"durable"`
	Failing  bool       `json:"failing,omitempty"`
	File     string     `json:"file,omitempty"`
	Size     int64      `json:"size,omitempty"`    // of the file
	Written  *time.Time `json:"written,omitempty"` // when it was written last
	Disk     int64      `json:"disk,omitempty"`    // size of its file system
	DiskFree int64      `json:"disk_free,omitempty"`
}

// Now reports how the receivers of the config that runs stand, in the order of
// their names.
func Now() Report {
	report := Report{Started: Started.UTC(), Receivers: []ReceiverReport{}, Inspectors: inspectors()}
	deliveries := Deliveries()
	for _, r := range inEffect() {
		of := r.report(time.Now())
		for _, d := range deliveries {
			if d.isOf(r) {
				of.Deliveries = append(of.Deliveries, d)
			}
		}
		report.Receivers = append(report.Receivers, of)
	}
	slices.SortStableFunc(report.Receivers, func(a, b ReceiverReport) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), slices.Compare(a.Sites, b.Sites))
	})
	return report
}

func (r *Receiver) report(now time.Time) ReceiverReport {
	c := r.Counts()
	report := ReceiverReport{
		Name: r.Name, Provider: r.Provider, Service: r.Service, Address: r.Address(), Certificates: []Certificate{},
		Minutes: c.minutes.last(now), CanTest: r.Test != nil,
		Sites: append([]string{}, r.Sites()...), Outputs: []OutputReport{}, Verifies: r.Verifies,
		LastVerification: at(c.lastVerification.Load()), LastEvent: at(c.lastEvent.Load()),
		Requests: make(map[string]uint64, len(outcome.All)), Deliveries: []DeliveryReport{},
	}
	if by := c.lastVerifier.Load(); by != nil {
		report.LastVerifier = *by
	}
	if r.Certificates != nil {
		report.Certificates = append(report.Certificates, r.Certificates(report.Sites)...)
	}
	for i, name := range outcome.All {
		report.Requests[name] = c.requests[i].Load()
	}
	c.mu.Lock()
	report.LastRefusal = c.lastRefusal
	c.mu.Unlock()
	for _, output := range r.Outputs {
		report.Outputs = append(report.Outputs, output.report())
	}
	report.Warnings = r.warnings(&report, c, now)
	return report
}

func at(nano int64) *time.Time {
	if nano == 0 {
		return nil
	}
	t := time.Unix(0, nano).UTC()
	return &t
}

func (o Output) report() OutputReport {
	report := OutputReport{Output: o.Name, Durable: o.Durable, Failing: o.Failing(), File: o.File}
	if o.File == "" {
		return report
	}
	if info, err := os.Stat(o.File); err == nil {
		written := info.ModTime().UTC()
		report.Size, report.Written = info.Size(), &written
	}
	report.Disk, report.DiskFree = diskOf(o.File)
	return report
}

// warnings returns what looks wrong.
func (r *Receiver) warnings(report *ReceiverReport, c *Counts, now time.Time) (warnings []string) {
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	durable := false
	for _, o := range report.Outputs {
		durable = durable || o.Durable
		if o.Failing {
			warn("output %s is failing: events are answered 503; Caddy's log has cause and remedy", o.Output)
		}
		if o.Disk > 0 && o.DiskFree < leastFreeBytes && o.DiskFree < o.Disk/100*leastFree {
			warn("the disk of %s is nearly full: %d %% of it is free; when it is full, events are answered 503", o.File, o.DiskFree*100/o.Disk)
		}
	}
	if !durable {
		warn("no output is durable: an event that was answered 200 can be lost in a crash")
	}
	if refused, last := c.refusedSince.Load(), report.LastRefusal; refused >= manyRefused && last != nil {
		warn("everything is refused: the last %d requests were, the latest with %d: %s", refused, last.Status, last.Reason)
	}
	if r.Verifies && report.LastVerification == nil && !c.resumed { // a restart makes forget when it was
		warn("never verified: save the webhook's settings at the sender, or try the receiver with caddy webhook test")
	}
	if silent := silence(report, c.since, now); silent > longSilence {
		warn("no event for %s: see whether the webhook is still set up at the sender", roughly(silent))
	}
	return warnings
}

// silence is how long there was no event, as far as is known: what a restart makes
// forget, files still tell.
func silence(report *ReceiverReport, since, now time.Time) time.Duration {
	if report.LastEvent != nil {
		return now.Sub(*report.LastEvent)
	}
	var written time.Time
	for _, o := range report.Outputs {
		if o.Written != nil && o.Written.After(written) {
			written = *o.Written
		}
	}
	if !written.IsZero() && written.Before(since) {
		since = written
	}
	return now.Sub(since)
}

// roughly returns a long duration for people.
func roughly(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return fmt.Sprintf("%d hours", d/time.Hour)
}
