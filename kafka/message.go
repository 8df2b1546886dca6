package kafkaoutput

import (
	"bytes"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	webhookreceiver "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
)

// mediaTypeCloudEvents is what the content type of a record in structured mode
// begins with, and that of no other may.
const mediaTypeCloudEvents = "application/cloudevents"

var structuredHeaders = []kgo.RecordHeader{{Key: "content-type", Value: []byte(mediaTypeCloudEvents + "+json")}}

// newRecord returns the event as a record. It copies all that it needs of it:
// the record can outlive the request.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
func newRecord(event *webhookreceiver.Event, topic, key, mode string) *kgo.Record {
	record := &kgo.Record{Topic: topic, Timestamp: event.Time}
	if key != "" {
		record.Key = []byte(key)
	}
	// Data whose sender calls them a CloudEvent would be read as one.
	if mode == modeStructured || strings.HasPrefix(strings.ToLower(event.DataContentType), mediaTypeCloudEvents) {
		record.Headers = structuredHeaders
		record.Value = event.AppendJSON(nil)
		return record
	}
	for _, a := range event.Attributes() {
		name := "ce_" + a.Name
		if a.Name == "datacontenttype" {
			name = "content-type"
		}
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(a.Value)})
	}
	record.Value = bytes.Clone(event.Body)
	return record
}
