package kafkaoutput

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// outputOptions is an output kafka with more options in its block.
func (c *cluster) output(options ...string) string {
	return fmt.Sprintf("output kafka {\nbrokers %s\ntopic %s\n%s\n}\n", strings.Join(c.addrs, " "), c.topic, strings.Join(options, "\n"))
}

func headers(r *kgo.Record) map[string]string {
	all := make(map[string]string)
	for _, h := range r.Headers {
		all[h.Key] = string(h.Value)
	}
	return all
}

func TestStructured(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := start(t, c.output("compression zstd"))
	s.wantStored("one", `{"type":"created","subject":"7","n":1.50}`)
	records := c.records(c.topic)
	if len(records) != 1 {
		t.Fatalf("%d records, want 1", len(records))
	}
	r := records[0]
	if want := map[string]string{"content-type": "application/cloudevents+json"}; !maps.Equal(headers(r), want) {
		t.Errorf("headers: %v, want %v", headers(r), want)
	}
	if string(r.Key) != "7" {
		t.Errorf("key: %q, want the subject", r.Key)
	}
	var event map[string]any
	if err := json.Unmarshal(r.Value, &event); err != nil || event["id"] != "one" || event["type"] != "created" ||
		!strings.HasSuffix(string(r.Value), `"data":{"type":"created","subject":"7","n":1.50}}`) {
		t.Errorf("value: %s, %v", r.Value, err)
	}
	if stamp := r.Timestamp.UTC().Format("2006-01-02T15:04:05.000"); !strings.HasPrefix(fmt.Sprint(event["time"]), stamp) {
		t.Errorf("timestamp %s, time %v", stamp, event["time"])
	}
}

func TestBinary(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := start(t, "accept any\nattribute tenant acme\n"+c.output("content_mode binary", "key {http.webhook_receiver.event.type}/{http.request.header.X-Key}"))
	for _, test := range []struct{ id, contentType, body, wantType string }{
		{"json", "application/json", "{\"type\":\"t\",\n\"subject\":\"7\"}", "application/json"},
		{"text", "text/plain", "<text>\n", "text/plain"},
		{"bytes", "image/png", "\x00\xff", "image/png"},
	} {
		s.wantStored(test.id, test.body, "Content-Type: "+test.contentType, "X-Key: k")
	}
	// Its sender must not choose its envelope.
	s.wantStored("forged", `<forged>`, "Content-Type: Application/CloudEvents+xml")
	got := make(map[string]*kgo.Record)
	for _, r := range c.records(c.topic) {
		id := headers(r)["ce_id"]
		if id == "" {
			id = "forged"
		}
		got[id] = r
	}
	if len(got) != 4 {
		t.Fatalf("%v", got)
	}
	json := headers(got["json"])
	for name, want := range map[string]string{
		"ce_specversion": "1.0", "ce_type": "t", "ce_subject": "7", "ce_tenant": "acme", "ce_source": s.http + "/hooks", "content-type": "application/json",
	} {
		if json[name] != want {
			t.Errorf("%s: %q, want %q", name, json[name], want)
		}
	}
	if _, ok := json["ce_datacontenttype"]; ok || json["ce_time"] == "" || json["ce_httpheaders"] == "" || len(json) != 9 {
		t.Errorf("headers: %v", json)
	}
	if v := string(got["json"].Value); v != "{\"type\":\"t\",\n\"subject\":\"7\"}" {
		t.Errorf("value: %q", v)
	}
	if k := string(got["json"].Key); k != "t/k" {
		t.Errorf("key: %q", k)
	}
	if v, h := string(got["bytes"].Value), headers(got["bytes"]); v != "\x00\xff" || h["content-type"] != "image/png" {
		t.Errorf("%q %v", v, h)
	}
	if v, h := string(got["forged"].Value), headers(got["forged"]); h["content-type"] != "application/cloudevents+json" || !strings.Contains(v, `"id":"forged"`) {
		t.Errorf("%q %v", v, h)
	}
}

// Topics by type. A sender can't leave the prefix.
func TestTopicsByType(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	for _, topic := range []string{"by.a-B_1", "by._evil_secret", "by._"} {
		if err := c.fake.CreateTopic(topic, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, fmt.Sprintf("attribute x y\noutput kafka {\nbrokers %s\ntopic by.{http.webhook_receiver.body.type}\n}\n", strings.Join(c.addrs, ",")))
	s.wantStored("1", `{"type":"a-B_1"}`)
	s.wantStored("2", `{"type":"/evil.secret"}`)
	s.wantStored("3", `{"type":""}`)
	s.poll("a topic that is created later", func() bool {
		status, _ := s.post("4", `{"type":"later"}`)
		if status == 503 {
			_ = c.fake.CreateTopic("by.later", 1, nil)
		}
		return status == 200
	})
	for topic, id := range map[string]string{"by.a-B_1": "1", "by._evil_secret": "2", "by._": "3", "by.later": "4"} {
		if counts := c.counts(topic); counts[id] != 1 || len(counts) != 1 {
			t.Errorf("%s: %v", topic, counts)
		}
	}
}

func TestCreatedTopic(t *testing.T) {
	t.Parallel()
	c := newFake(t, kfake.AllowAutoTopicCreation())
	c.topic = "created"
	s := start(t, c.output("auto_create_topics"))
	s.wantStored("1", `{}`)
	if counts := c.counts(c.topic); counts["1"] != 1 {
		t.Errorf("%v", counts)
	}
}

// A topic that is deleted and created again is found without a restart.
func TestTopicCreatedAgain(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	s := start(t, "timeout 5s\n"+c.output())
	s.wantStored("1", `{}`)
	if err := c.fake.DeleteTopic(c.topic); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.post("2", `{}`); status != 503 {
		t.Errorf("%d, want 503", status)
	}
	if err := c.fake.CreateTopic(c.topic, 3, nil); err != nil {
		t.Fatal(err)
	}
	s.poll("an event to be stored", func() bool {
		status, _ := s.post("3", `{}`)
		return status == 200
	})
}

// All in-sync replicas are asked for, and what the client sends again is told
// from what is new.
func TestAcksOfAll(t *testing.T) {
	t.Parallel()
	c := newFake(t)
	var requests, others, identified atomic.Int64
	c.fake.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.fake.KeepControl()
		requests.Add(1)
		if r.(*kmsg.ProduceRequest).Acks != -1 {
			others.Add(1)
		}
		return nil, nil, false
	})
	c.fake.ControlKey(int16(kmsg.InitProducerID), func(kmsg.Request) (kmsg.Response, error, bool) {
		identified.Add(1)
		return nil, nil, false
	})
	s := start(t, c.output())
	s.wantStored("1", `{}`)
	if requests.Load() != 1 || others.Load() != 0 || identified.Load() != 1 {
		t.Errorf("%d requests, %d not for all replicas; %d producer ids; want 1, 0, 1", requests.Load(), others.Load(), identified.Load())
	}
}
