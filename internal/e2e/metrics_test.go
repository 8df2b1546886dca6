package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// metrics are the plugin's, by series, without the common beginning.
func (s *server) metrics() map[string]float64 {
	s.t.Helper()
	series := map[string]float64{}
	for line := range strings.Lines(s.fromAdmin("/metrics")) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "caddy_webhook_receiver_")
		i := strings.LastIndex(name, " ")
		if !ok || i < 0 {
			continue
		}
		value, err := strconv.ParseFloat(name[i+1:], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		series[name[:i]] = value
	}
	return series
}

// TestMetrics provokes every outcome and reads it before and after a reload.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	config := "http:// {\n" +
		directive("/webhooks*", stored("max_body_size 10KB", "timeout 1s")...) +
		directive("/broken", "verify_token x", "output file {$DIR}/broken/x/events.jsonl", "output log") + "}\n"
	s.configure(config)
	s.start()
	s.write("broken", "not a directory")
	starts := fmt.Sprint(s.entries(func(e logEntry) bool { return e.field("msg") == "webhooks are received" }))
	if !strings.Contains(starts, `"outputs":["file","log"],"provider":"socialboards"`) {
		t.Errorf("logged at the start: %s", starts)
	}

	began := time.Now().Unix()
	s.post(sample).wantStored(t)
	s.post(`{"a":1}`).wantStored(t)
	s.verify("1", rightToken).want(t, http.StatusOK)
	s.verify("1", "wrong").want(t, http.StatusForbidden)
	s.verify("", rightToken).want(t, http.StatusBadRequest)
	s.post("{").want(t, http.StatusBadRequest)
	s.post("{}", "Content-Encoding: br").want(t, http.StatusUnsupportedMediaType)
	s.post(strings.Repeat("x", 11_000)).want(t, http.StatusRequestEntityTooLarge)
	do(t, newClient(t), http.MethodPut, "http://"+s.http+"/webhooks", nil).want(t, http.StatusMethodNotAllowed)
	s.postTo("/broken", "{}").want(t, http.StatusServiceUnavailable)
	stalled := s.dial(t)
	stalled.send(head("Content-Length: 10"), "{")
	stalled.answer().want(t, http.StatusRequestTimeout)
	gone := s.dial(t)
	gone.send(head("Content-Length: 10"), "{")
	_ = gone.Close()
	// What an outsider chooses is no label.
	s.post(`{"EventType":"<chosen>"}`).wantStored(t)
	do(t, newClient(t), "CHOSEN", "http://"+s.http+"/webhooks/chosen", nil).want(t, http.StatusMethodNotAllowed)

	want := map[string]float64{
		"stored": 3, "verified": 1, "bad_token": 1, "bad_request": 3, "too_large": 1, "method_not_allowed": 2,
		"unavailable": 1, "timeout": 1, "aborted": 1, "duplicate": 0, "bad_signature": 0,
	}
	bytes := len(strings.TrimSpace(sample)) + len(`{"a":1}{"EventType":"<chosen>"}`)
	s.wantMetrics(want, bytes, began)
	if failures := fmt.Sprint(s.entries(ours("error"))); !strings.Contains(failures, `"remedy"`) {
		t.Errorf("a failure is logged without a remedy: %s", failures)
	}

	// Values survive a reload and go on.
	if err := os.Remove(s.path("broken")); err != nil {
		t.Fatal(err)
	}
	s.reload(strings.Replace(config, "10KB", "11KB", 1))
	s.wantMetrics(want, bytes, began)
	s.post("{}").wantStored(t)
	s.verify("1", "wrong").want(t, http.StatusForbidden)
	want["stored"], want["bad_token"] = 4, 2
	s.wantMetrics(want, bytes+2, began)
}

var seriesName = regexp.MustCompile(`^[a-z_]+(\{(le|outcome|output|provider|receiver)="[^"]*"(,(le|outcome|output|provider|receiver)="[^"]*")*\})?$`)

// wantMetrics checks all metrics, given the number of requests by outcome, one
// of which the log output took as well, and the bytes stored in files since
// the Unix time began.
func (s *server) wantMetrics(requests map[string]float64, bytes int, began int64) {
	s.t.Helper()
	stored := requests["stored"]
	want := map[string]float64{
		`batch_events_count`:                          stored,
		`batch_events_sum`:                            stored,
		`batch_events_bucket{le="1"}`:                 stored,
		`fsync_duration_seconds_count`:                stored,
		`store_duration_seconds_count{output="file"}`: stored + 1, // and the failure
		`store_duration_seconds_count{output="log"}`:  1,
		`stored_bytes_total{output="log"}`:            2,
		`stored_bytes_total{output="file"}`:           float64(bytes),
	}
	for outcome, n := range requests {
		want[`requests_total{outcome="`+outcome+`",provider="socialboards",receiver="socialboards"}`] = n
	}
	var all map[string]float64
	eventually(s.t, "everything is counted", func() error {
		all = s.metrics()
		for series, n := range want {
			if got, ok := all[series]; !ok || got != n {
				return fmt.Errorf("%s is %v, want %v", series, got, n)
			}
		}
		return nil
	})
	for _, series := range []string{"last_event", "last_verification"} {
		at := all[series+`_timestamp_seconds{provider="socialboards",receiver="socialboards"}`]
		if at < float64(began) || at > float64(time.Now().Unix()+1) {
			s.t.Errorf("%s is at %v", series, at)
		}
	}
	for series := range all {
		if strings.Contains(strings.ToLower(series), "chosen") || !seriesName.MatchString(series) {
			s.t.Errorf("a series %s", series)
		}
	}
}
