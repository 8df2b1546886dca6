package reader

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/jsonscan"
)

// Extension attributes of events in a file of dead letters.
const (
	DeadReason   = "deadreason"   // the target's last answer
	DeadAttempts = "deadattempts" // how often it was tried
	DeadTime     = "deadtime"     // when it was given up, RFC 3339
)

// What the names of files that deliveries have beside a journal's end with.
const (
	DeadEnding   = ".dead.jsonl"  // dead letters
	RetryEnding  = ".retry.jsonl" // those that are sent again
	CursorEnding = ".cursor"      // how far a delivery has got
)

// IsOfDelivery tells whether a name is that of a file that a delivery has, one that belongs to such a file, as a
// lock does, or dead letters that were rotated or compressed.
func IsOfDelivery(path string) bool {
	base := filepath.Base(path)
	for _, ending := range []string{DeadEnding, RetryEnding} {
		if strings.Contains(base, ending) {
			return true
		}
	}
	for _, ending := range []string{".lock", ".tmp", ".damaged"} {
		base = strings.TrimSuffix(base, ending)
	}
	return strings.HasSuffix(base, CursorEnding)
}

// DeadLetter returns the line of an event with the attributes of one that was given up.
func DeadLetter(line []byte, reason string, attempts int, at time.Time) ([]byte, error) {
	return WithAttributes(line, [][2]string{
		{DeadReason, reason}, {DeadAttempts, fmt.Sprint(attempts)}, {DeadTime, at.UTC().Format(time.RFC3339Nano)},
	})
}

// WithAttributes returns the line of an event with attributes more, in the place of those
// of the same names, before its data.
func WithAttributes(line []byte, attributes [][2]string) ([]byte, error) {
	b := append(make([]byte, 0, len(line)+256), '{')
	add := func(name string, value []byte) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(jsonscan.AppendString(b, name), ':'), value...)
	}
	addAll := func() {
		for _, a := range attributes {
			add(a[0], jsonscan.AppendString(nil, a[1]))
		}
		attributes = nil
	}
	names := make([]string, 0, len(attributes))
	for _, a := range attributes {
		names = append(names, a[0])
	}
	isObject := jsonscan.Members(line, func(name string, value []byte) {
		if name == "data" || name == "data_base64" {
			addAll()
		}
		if !slices.Contains(names, name) {
			add(name, value)
		}
	})
	if !isObject {
		return nil, errors.New("is no event")
	}
	addAll()
	return append(b, '}', '\n'), nil
}
