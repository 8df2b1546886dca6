package webhookreceiver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// delivered posts an event with that delivery id of the provider cloudevents.
func (rc *receiver) delivered(t *testing.T, id string) int {
	t.Helper()
	d := delivery{method: http.MethodPost, path: "/", body: `{"a":1}`, headers: http.Header{}}
	if id != "" {
		d.headers.Set("ce-id", id)
	}
	resp, _ := rc.send(t, d)
	return resp.StatusCode
}

func TestDedupe(t *testing.T) {
	for _, test := range []struct {
		options string
		send    []string // delivery ids
		want    int      // lines
	}{
		{"", []string{"a", "a"}, 2},
		{"dedupe 1h", []string{"a", "b", "a", "b", "c"}, 3},
		{"dedupe 1h", []string{"", ""}, 2}, // without an id every event is its own
		{"dedupe 1ns", []string{"a", "a"}, 2},
		{"dedupe 1h {http.webhook_receiver.body_sha256}", []string{"a", "b"}, 1},
		{"dedupe 1h {http.request.header.ce-id}", []string{"a", "b", "a"}, 2},
		{"dedupe 1h {http.webhook_receiver.event.id}", []string{"a", "b", "a"}, 2},
		{"dedupe 1h {http.request.header.X-Missing}", []string{"a", "a"}, 2},
		{"dedupe 1h {http.request.header.X-Missing}/{http.webhook_receiver.body.missing}", []string{"a", "b"}, 2}, // nothing tells them apart
		{"dedupe 1h {http.request.header.X-Missing}/{http.webhook_receiver.body.a}", []string{"a", "b"}, 1},
	} {
		rc := newReceiver(t, "provider cloudevents\n"+test.options)
		for _, id := range test.send {
			if status := rc.delivered(t, id); status != 200 {
				t.Errorf("%s, %q: %d", test.options, id, status)
			}
		}
		if n := len(lines(t, rc.file)); n != test.want {
			t.Errorf("%s, %q: %d stored, want %d", test.options, test.send, n, test.want)
		}
	}
}

func TestDedupeErrors(t *testing.T) {
	for options, want := range map[string]string{
		"dedupe":                                "dedupe takes a window and perhaps a key",
		"dedupe 1h a b":                         "here are 3 arguments",
		"dedupe 0":                              "must be positive",
		"dedupe -1s":                            "must be positive",
		"dedupe often":                          "must be a duration such as 10m",
		`dedupe 1h ""`:                          "has an argument that is empty",
		"dedupe 1h\ndedupe 2h":                  "already specified",
		"verify_token sesame\ndedupe 1h":        "provider socialboards (the default, as none is written) has no delivery id",
		"provider generic\ndedupe 1h":           "provider generic has no delivery id",
		"provider shopify\nsecret x":            "",
		"provider shopify\nsecret x\ndedupe 1h": "",
	} {
		_, err := load(t, options)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", options, err, want)
		}
	}
	if _, err := loadJSON(t, `{"provider":"cloudevents","dedupe":{"key":"x"}}`); err == nil || !strings.Contains(err.Error(), "window") {
		t.Errorf("no window: %v", err)
	}
}

func TestDedupeTogether(t *testing.T) {
	rc := newReceiver(t, "provider cloudevents\ndedupe 1h")
	var senders sync.WaitGroup
	for i := range 40 {
		senders.Add(1)
		go func() {
			defer senders.Done()
			if status := rc.delivered(t, fmt.Sprint(i%4)); status != 200 {
				t.Error(status)
			}
		}()
	}
	senders.Wait()
	if n := len(lines(t, rc.file)); n != 4 {
		t.Errorf("%d stored, want 4", n)
	}
}

// TestDedupeOverReloads loads a config again, with another timeout: what was
// stored is remembered. Another receiver, and one after the last has gone, know
// nothing of it.
func TestDedupeOverReloads(t *testing.T) {
	file := t.TempDir() + "/events.jsonl"
	config := func(timeout, file string) string {
		return fmt.Sprintf(`{"provider":"cloudevents","timeout":%q,"dedupe":{"window":"1h"},"outputs":[{"output":"file","filename":%q}]}`, timeout, file)
	}
	one, drop := loadForNow(t, config("10s", file))
	other, dropOther := loadForNow(t, config("10s", file+"2"))
	again, dropAgain := loadForNow(t, config("20s", file))
	if one.dedupe != again.dedupe || one.dedupe == other.dedupe {
		t.Error("what was stored is not remembered, or by others, too")
	}
	drop()
	if later, dropLater := loadForNow(t, config("30s", file)); later.dedupe != one.dedupe {
		t.Error("forgotten though it is in use")
	} else {
		dropLater()
	}
	dropAgain()
	dropOther()
	last, dropLast := loadForNow(t, config("10s", file))
	if last.dedupe == one.dedupe {
		t.Error("remembered by nobody")
	}
	dropLast()
}

// TestDedupeKnowsWhereEventsAre: options that change nothing of where an event is
// stored don't have it forgotten, and another place does, as nothing is there.
func TestDedupeKnowsWhereEventsAre(t *testing.T) {
	dir := t.TempDir()
	config := func(outputs string) string {
		return `{"provider":"cloudevents","dedupe":{"window":"1h"},"outputs":[` + strings.ReplaceAll(outputs, "DIR", dir) + `]}`
	}
	one, _ := loadForNow(t, config(`{"output":"file","filename":"DIR/a"}`))
	for outputs, same := range map[string]bool{
		`{"output":"file","filename":"DIR/a","roll_keep":3}`:                true,
		`{"sync":"off","output":"file","filename":"DIR/a","format":"raw"}`:  true,
		`{"output":"file","filename":"DIR/./a"}`:                            true,
		`{"output":"file","filename":"DIR/b"}`:                              false,
		`{"output":"file","filename":"DIR/a"},{"output":"log"}`:             false,
		`{"output":"test","name":"a"}`:                                      false,
		`{"output":"file","filename":"DIR/b"},{"output":"test","name":"a"}`: false,
	} {
		if other, _ := loadForNow(t, config(outputs)); (other.dedupe == one.dedupe) != same {
			t.Errorf("%s: the same memory: %v", outputs, !same)
		}
	}
	if a, _ := loadForNow(t, config(`{"output":"test","name":"a"}`)); func() bool {
		b, _ := loadForNow(t, config(`{"output":"test","name":"b"}`))
		return a.dedupe == b.dedupe
	}() {
		t.Error("outputs that say nothing of where they store are taken for the same")
	}
}

// loadForNow loads a config, until drop is called.
func loadForNow(t *testing.T, config string) (h *Handler, drop func()) {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	loaded, err := ctx.LoadModuleByID("http.handlers.webhook_receiver", json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return loaded.(*Handler), cancel
}

// TestDedupeIsPerReceiver has two of the same kind in one config, at URLs of
// their own. Caddy provisions the receivers of different servers in any order.
func TestDedupeIsPerReceiver(t *testing.T) {
	file := t.TempDir() + "/events.jsonl"
	config := fmt.Sprintf(`{"provider":"cloudevents","dedupe":{"window":"1h"},"outputs":[{"output":"file","filename":%q}]}`, file)
	// Each load is a config with a receiver at /a and one at /b.
	load := func(paths ...string) (send func(path string) int) {
		ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
		t.Cleanup(cancel)
		at := make(map[string]*receiver)
		for _, path := range paths {
			loaded, err := ctx.LoadModuleByID("http.handlers.webhook_receiver", json.RawMessage(config))
			if err != nil {
				t.Fatal(err)
			}
			rc := &receiver{Handler: loaded.(*Handler)}
			rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Host = "hooks.example.com"
				rc.ServeHTTP(w, r)
			}))
			t.Cleanup(rc.Server.Close)
			at[path] = rc
		}
		return func(path string) int {
			before := len(lines(t, file))
			name, _, _ := strings.Cut(path, "?")
			resp, _ := at[name].send(t, delivery{method: http.MethodPost, path: path, body: "1", headers: http.Header{"Ce-Id": {"same"}}})
			if resp.StatusCode != 200 {
				t.Errorf("%s: status %d", path, resp.StatusCode)
			}
			return len(lines(t, file)) - before
		}
	}
	send := load("/a", "/b")
	if send("/a") != 1 || send("/a") != 0 {
		t.Error("not stored, or twice")
	}
	send = load("/b", "/a") // a reload
	if send("/a") != 0 {
		t.Error("forgotten over a reload")
	}
	if send("/b") != 1 {
		t.Error("what the other receiver has stored was not stored")
	}
	if send("/b?tenant=1") != 1 {
		t.Error("what came to another URL was not stored")
	}
}

// TestDedupeOverRestarts: after the last receiver has gone, a new one learns from the
// file what was stored; not where another output may lack it, or the file has no keys.
func TestDedupeOverRestarts(t *testing.T) {
	testStores["restarts"] = func(context.Context, *Event) error { return nil }
	for outputs, want := range map[string]int{
		`{"output":"file","filename":FILE}`:                                     1,
		`{"output":"file","filename":FILE},{"output":"log"}`:                    1,
		`{"output":"file","filename":FILE,"format":"raw"}`:                      2,
		`{"output":"file","filename":FILE,"sync":"off"}`:                        2,
		`{"output":"file","filename":FILE},{"output":"test","name":"restarts"}`: 2,
	} {
		file := t.TempDir() + "/events.jsonl"
		config := fmt.Sprintf(`{"provider":"cloudevents","dedupe":{"window":"1h"},"outputs":[%s]}`, strings.ReplaceAll(outputs, "FILE", fmt.Sprintf("%q", file)))
		for range 2 {
			h, drop := loadForNow(t, config)
			h.dedupe.Wait()
			rc := &receiver{Handler: h}
			rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Host = "hooks.example.com"
				rc.ServeHTTP(w, r)
			}))
			resp, _ := rc.send(t, delivery{method: http.MethodPost, path: "/", body: "{}", headers: http.Header{"Ce-Id": {"same"}}})
			if resp.StatusCode != 200 {
				t.Errorf("%s: status %d", outputs, resp.StatusCode)
			}
			rc.Server.Close()
			drop()
		}
		if n := len(lines(t, file)); n != want {
			t.Errorf("%s: %d stored, want %d", outputs, n, want)
		}
	}
}
