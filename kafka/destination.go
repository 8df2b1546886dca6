package kafkaoutput

import (
	"slices"
	"strings"
)

// Destination returns the brokers and the topic.
func (o *Output) Destination() string {
	return strings.Join(append(slices.Sorted(slices.Values(o.Brokers)), o.Topic), " ")
}
