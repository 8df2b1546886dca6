package natsoutput

import (
	"slices"
	"strings"
)

// Destination returns the servers, the subject and the stream.
func (o *Output) Destination() string {
	return strings.Join(append(slices.Sorted(slices.Values(o.Servers)), o.Subject, o.Stream), " ")
}
