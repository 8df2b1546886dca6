package webhookreceiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

const (
	lineRefused   = "request refused"
	lineAuthentic = "an authentic event was refused, and is lost unless it is sent again"
	lineMaybe     = "what may have been an event was refused, and is lost unless it is sent again"
)

// linesOf returns the log's entries with the message.
func linesOf(logs *observer.ObservedLogs, message string) (entries []map[string]any) {
	for _, entry := range logs.FilterMessage(message).All() {
		entries = append(entries, entry.ContextMap())
	}
	return entries
}

// maybeLost returns how many requests the warnings of what may be lost count.
func maybeLost(logs *observer.ObservedLogs) (sum uint64) {
	for _, entry := range linesOf(logs, lineMaybe) {
		sum += entry["count"].(uint64)
	}
	return sum
}

// lastSeq returns the number of the last request that was refused.
func lastSeq() uint64 {
	if last := status.LastRefused(0); len(last) > 0 {
		return last[len(last)-1].Seq
	}
	return 0
}

func signedFor(secret, body string, headers ...string) delivery {
	return requestOf(http.MethodPost, "/hooks", body, append(headers, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(hmacOf(secret, body)))...)
}

// slackDelivery is a delivery as Slack signs it.
func slackDelivery(secret, body string) delivery {
	now := fmt.Sprint(time.Now().Unix())
	return requestOf(http.MethodPost, "/hooks", body, "X-Slack-Request-Timestamp", now, "X-Slack-Signature", "v0="+hex.EncodeToString(hmacOf(secret, "v0:"+now+":"+body)))
}

// contextOf returns that of a config, which has the metrics.
func contextOf(t *testing.T) caddy.Context {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	if err := metrics.Register(ctx.GetMetricsRegistry()); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// TestName: logs and metrics have the name, or the provider's.
func TestName(t *testing.T) {
	for _, name := range []string{"a", "github-orders_2", strings.Repeat("x", 32)} {
		if h := provision(t, "name "+name); h.name != name {
			t.Errorf("%q: %q", name, h.name)
		}
	}
	if h := provision(t, "provider github\nsecret s"); h.name != "github" {
		t.Errorf("by default %q", h.name)
	}
	if _, err := load(t, `name ""`); err == nil {
		t.Error("an empty name is taken")
	}
	for _, name := range []string{"Orders", "a.b", "a/b", "ü", strings.Repeat("x", 33), "{env.HOME}"} {
		if _, err := load(t, "name "+name); err == nil || !strings.Contains(err.Error(), "must be 1 to 32 lower-case letters, digits, - and _") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := loadJSON(t, fmt.Sprintf(`{"name":%q,"verify_tokens":["x"]}`, strings.Trim(name, `"`)+"!")); err == nil {
			t.Errorf("%s is taken as JSON", name)
		}
	}
	rc := newReceiver(t, "name orders")
	rc.post(t, "{}")
	rc.post(t, "{")
	for _, entry := range rc.logs.All() {
		if entry.ContextMap()["receiver"] != "orders" {
			t.Errorf("%s: %v", entry.Message, entry.ContextMap())
		}
	}
	ctx := contextOf(t)
	registry := ctx.GetMetricsRegistry()
	if got := counter(t, registry, "requests_total", "stored", "socialboards", "orders"); got != 1 {
		t.Errorf("%v are counted as stored", got)
	}
	if got := counter(t, registry, "last_event_timestamp_seconds", "socialboards", "orders"); got < 1 {
		t.Errorf("the last event was at %v", got)
	}
}

// TestSameName is told of, unless the receivers are the same.
func TestSameName(t *testing.T) {
	const message = "another receiver has the same name, so that metrics and alerts can't tell them apart: give each its own"
	for _, test := range []struct {
		first, second string
		want          int
	}{
		{`{"verify_tokens":["a"]}`, `{"verify_tokens":["b"]}`, 1},
		{`{"verify_tokens":["a"]}`, `{"verify_tokens":["a"]}`, 0},
		{`{"verify_tokens":["a"],"name":"a"}`, `{"verify_tokens":["b"]}`, 0},
		{`{"verify_tokens":["a"],"name":"a"}`, `{"provider":"github","secrets":["b"],"name":"a"}`, 1},
	} {
		ctx := contextOf(t)
		core, logs := observer.New(zapcore.WarnLevel)
		for _, config := range []string{test.first, test.second} {
			module, err := ctx.LoadModuleByID("http.handlers.webhook_receiver", json.RawMessage(config))
			if err != nil {
				t.Fatal(err)
			}
			h := module.(*Handler)
			h.logger = zap.New(core)
			for _, release := range h.release { // once more, with that logger
				release()
			}
			h.release = nil
			h.publish(ctx, config)
			t.Cleanup(func() { _ = h.Cleanup() })
		}
		if got := logged(logs, zapcore.WarnLevel, message); got != test.want {
			t.Errorf("%s and %s: told %d times", test.first, test.second, got)
		}
	}
}

// TestRefusalsAreLogged: each with all that an operator needs, and in its own way.
func TestRefusalsAreLogged(t *testing.T) {
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = w.Write([]byte(strings.Repeat("x", 5000)))
	_ = w.Close()
	testStores["failing"] = func(context.Context, *Event) error { return errors.New("disk") }

	const github, board = "name orders\nprovider github\nsecret sesame-street\nmax_body_size 2KB", "name board\nmax_body_size 2KB"
	const signed = "name shared\nprovider generic\nsecret sesame-street\nsignature {\nalgorithm hmac-sha256\nfrom header:X-Hub-Signature-256\nprefix sha256=\nshared_key\naccount body:owner\n}\n"
	id := []string{"X-GitHub-Event", "push", "X-GitHub-Delivery", "id1"}
	for name, test := range map[string]struct {
		options string
		d       delivery
		status  int
		line    string
		reason  string
		fields  map[string]any // besides those that all have
	}{
		"wrong token":            {board, requestOf(http.MethodGet, "/hooks?challenge=1&verifyToken=guess", ""), 403, lineRefused, "verifyToken is not", nil},
		"no token":               {board, requestOf(http.MethodGet, "/hooks", ""), 400, lineRefused, "challenge", nil},
		"another method":         {board, requestOf(http.MethodPut, "/hooks", ""), 405, lineRefused, "not a method", nil},
		"wrong signature":        {github, signedFor("guess", "{}", id...), 401, lineRefused, "the signature is not one", map[string]any{"id": "id1", "type": "push"}},
		"no JSON, signed":        {github + "\naccept json", signedFor("sesame-street", "{", id...), 400, lineAuthentic, "", map[string]any{"id": "id1", "type": "push"}},
		"not signed, no JSON":    {board, requestOf(http.MethodPost, "/hooks", "{"), 400, lineMaybe, "", map[string]any{"count": uint64(1)}},
		"too large":              {board, requestOf(http.MethodPost, "/hooks", strings.Repeat("x", 3000)), 413, lineMaybe, "larger than", map[string]any{"count": uint64(1)}},
		"too large, signed":      {github, signedFor("sesame-street", strings.Repeat("x", 3000)), 413, lineMaybe, "larger than", nil},
		"coding":                 {board, requestOf(http.MethodPost, "/hooks", "x", "Content-Encoding", "br"), 415, lineMaybe, "Content-Encoding", nil},
		"coding, signed":         {github, signedFor("sesame-street", "x", "Content-Encoding", "br"), 415, lineMaybe, "Content-Encoding", nil},
		"bomb, signed":           {github, signedFor("sesame-street", compressed.String(), "Content-Encoding", "gzip"), 413, lineAuthentic, "larger than", nil},
		"a window of 16 MiB":     {github, signedFor("sesame-street", "\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00", "Content-Encoding", "zstd"), 413, lineAuthentic, "zstd window", map[string]any{"remedy": "have the sender, or the proxy in front that does it, compress with a smaller window, as up to zstd's level 19, or with gzip"}},
		"broken gzip, signed":    {github, signedFor("sesame-street", "x", "Content-Encoding", "gzip"), 400, lineAuthentic, "decoding the gzip body", nil},
		"not stored":             {board + "\noutput test failing", requestOf(http.MethodPost, "/hooks", "{}"), 503, lineMaybe, "output test: disk", nil},
		"not stored, signed":     {github + "\noutput test failing", signedFor("sesame-street", "{}", id...), 503, lineAuthentic, "output test: disk", map[string]any{"id": "id1", "type": "push"}},
		"token in the body":      {"provider microsoft_graph\nsecret sesame-street\nname graph", requestOf(http.MethodPost, "/hooks", `{"value":[{"clientState":"guess"}]}`), 401, lineRefused, "the signature is not one", nil},
		"token, if it were JSON": {"provider microsoft_graph\nsecret sesame-street\nname graph", requestOf(http.MethodPost, "/hooks", "{"), 400, lineRefused, "not valid JSON", nil},
		"signed long ago": {
			"name old\nprovider generic\nsecret sesame-street\nsignature {\nalgorithm hmac-sha256\nfrom header:X-Hub-Signature-256\nprefix sha256=\ntimestamp body:at\n}",
			signedFor("sesame-street", `{"at":1700000000}`), 401, lineRefused, "too far from now", nil,
		},
		"wrong signature, as if nothing could be stored": {signed + "event {\nrefused 503\n}\naccount mine", signedFor("guess", "{}"), 503, lineRefused, "the signature is not one", nil},
		"another account": {
			signed + "event {\nrefused 503\n}\naccount mine", signedFor("sesame-street", `{"owner":"other"}`), 503, lineRefused, "of an account that is not configured",
			map[string]any{"remedy": "if it is yours, name it with account; anybody can be a customer of the service, and have it send events here"},
		},
		"token, then not JSON":  {"provider gitlab\nsecret sesame-street\nname lab", requestOf(http.MethodPost, "/hooks", `{`, "X-Gitlab-Token", "sesame-street"), 400, lineAuthentic, "", nil},
		"a challenge by POST":   {"provider slack\nsecret sesame-street\nname chat", slackDelivery("sesame-street", `{"type":"url_verification"}`), 400, lineRefused, "challenge", nil},
		"an event, and no JSON": {"provider slack\nsecret sesame-street\nname chat\naccept json", slackDelivery("sesame-street", `{"type":"`), 400, lineAuthentic, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			rc := newReceiver(t, test.options)
			after := lastSeq()
			if resp, _ := rc.send(t, test.d); resp.StatusCode != test.status {
				t.Fatalf("status %d", resp.StatusCode)
			}
			levels := map[string]zapcore.Level{lineRefused: zapcore.InfoLevel, lineAuthentic: zapcore.WarnLevel, lineMaybe: zapcore.WarnLevel}
			for line, level := range levels {
				want := 0
				if line == test.line {
					want = 1
				}
				if got := logged(rc.logs, level, line); got != want {
					t.Fatalf("%q is logged %d times: %s", line, got, text(rc.logs))
				}
			}
			entry := linesOf(rc.logs, test.line)[0]
			for field, want := range map[string]any{"receiver": rc.name, "provider": rc.provider.Name, "path": "/hooks", "client_ip": "127.0.0.1", "status": int64(test.status)} {
				if entry[field] != want {
					t.Errorf("%s is %v, want %v", field, entry[field], want)
				}
			}
			for field, want := range test.fields {
				if entry[field] != want {
					t.Errorf("%s is %v, want %v", field, entry[field], want)
				}
			}
			if reason, _ := entry["reason"].(string); reason == "" || !strings.Contains(reason, test.reason) {
				t.Errorf("reason %q", reason)
			}
			if entry["remedy"] == nil {
				t.Errorf("there is no remedy: %v", entry)
			}
			kept := status.LastRefused(after)
			if len(kept) != 1 || kept[0].Receiver != rc.name || kept[0].Status != test.status || kept[0].Authentic != (test.line == lineAuthentic) || kept[0].Reason != entry["reason"] {
				t.Errorf("%d are kept: %+v", len(kept), kept)
			}
			if all := text(rc.logs) + fmt.Sprintf("%+v", kept[0]); strings.Contains(all, "sesame") || strings.Contains(all, "guess") {
				t.Errorf("a secret is shown: %s", all)
			}
			if test.line == lineAuthentic {
				ctx := contextOf(t)
				registry := ctx.GetMetricsRegistry()
				if got := counter(t, registry, "authentic_refused_total", rc.Handler.outcomeFor(test.status), rc.provider.Name, rc.name); got < 1 {
					t.Errorf("counted %v times", got)
				}
			}
		})
	}
}

// outcomeFor returns the outcome that a status counts as.
func (*Handler) outcomeFor(code int) string { return outcomeOf(code) }

// TestManyRefusals: many of one reason hide none of another, and authentic ones are
// all told of.
func TestManyRefusals(t *testing.T) {
	rc := newReceiver(t, "name flooded\nprovider github\nsecret sesame-street\naccept json")
	after := lastSeq()
	for range 50 {
		rc.send(t, signedFor("guess", "{}"))
	}
	rc.send(t, requestOf(http.MethodPost, "/hooks", "{}"))
	for range 30 {
		rc.send(t, signedFor("sesame-street", "{"))
	}
	refused := linesOf(rc.logs, lineRefused)
	if len(refused) != loggedOfReason+1 || refused[loggedOfReason]["reason"] != "there is no signature of the expected form" {
		t.Errorf("%d are logged, the last for %v", len(refused), refused[len(refused)-1]["reason"])
	}
	if n := len(linesOf(rc.logs, lineAuthentic)); n != 30 {
		t.Errorf("%d of 30 authentic ones are logged", n)
	}
	var kept [2]int
	for _, r := range status.LastRefused(after) {
		if r.Authentic {
			kept[1]++
		} else {
			kept[0]++
		}
	}
	if kept != [2]int{21, 20} {
		t.Errorf("%v are kept", kept)
	}
	for _, r := range status.LastRefused(after) {
		if r.Status == 401 && r.Remedy == "" || r.Status == 401 && r.Signed == nil && strings.Contains(r.Reason, "is not one") {
			t.Errorf("not explained: %+v", r)
		}
	}
}

// TestSeekingIsBounded: for a tenth of a second in each second, whatever is sent.
func TestSeekingIsBounded(t *testing.T) {
	rc := newReceiver(t, "name sought\nprovider square\nsecret sesame-street")
	body := `{"a":"` + strings.Repeat("/ü", 50<<10) + `"}` // takes some milliseconds
	began, all, sought := time.Now(), 0, 0
	eventually(t, "a cause is sought, and another is not", func() bool { // others have their part of the second
		after := lastSeq()
		for range 40 {
			rc.send(t, requestOf(http.MethodPost, "/hooks", body, "x-square-hmacsha256-signature", strings.Repeat("A", 44)))
		}
		for _, r := range status.LastRefused(after) {
			all++
			if !strings.Contains(r.Remedy, "too many") {
				sought++
			}
		}
		return sought > 0 && sought < all
	})
	if most := 20 * (2 + int(time.Since(began)/time.Second)); sought > most {
		t.Errorf("the cause was sought %d times in %s", sought, time.Since(began))
	}
}

// TestManyMayBeLost are told of once a second, all of them.
func TestManyMayBeLost(t *testing.T) {
	rc := newReceiver(t, "name losing")
	began := time.Now()
	for range 40 {
		rc.send(t, requestOf(http.MethodPost, "/hooks", "{"))
	}
	eventually(t, "each is counted", func() bool { return maybeLost(rc.logs) == 40 })
	if n := len(linesOf(rc.logs, lineMaybe)); n > 2+int(time.Since(began)/time.Second) {
		t.Errorf("%d lines in %s", n, time.Since(began))
	}
}

// TestManyMayBeLostHideNone: in the log is each reason, whatever else there is in its
// second.
func TestManyMayBeLostHideNone(t *testing.T) {
	rc := newReceiver(t, "name hiding")
	for range 20 {
		rc.send(t, requestOf(http.MethodPost, "/hooks", "{"))
	}
	rc.send(t, requestOf(http.MethodPost, "/hooks", "{}", "Content-Encoding", "br"))
	for range 20 {
		rc.send(t, requestOf(http.MethodPost, "/hooks", "{"))
	}
	eventually(t, "all are counted", func() bool { return maybeLost(rc.logs) == 41 })
	of := map[any]int{}
	for _, line := range []string{lineRefused, lineMaybe} {
		for _, entry := range linesOf(rc.logs, line) {
			of[entry["status"]]++
		}
	}
	if most := loggedOfReason + len(linesOf(rc.logs, lineMaybe)); of[int64(415)] != 1 || of[int64(400)] > most {
		t.Errorf("lines by status: %v", of)
	}
}

// TestRefusedIsKept with what was sent, without secrets.
func TestRefusedIsKept(t *testing.T) {
	rc := newReceiver(t, "name kept\nprovider github\nsecret first-secret second-secret")
	after := lastSeq()
	body := `{"a":"` + strings.Repeat("x", 20_000) + `second-secret"}`
	rc.send(t, signedFor("guess", body, "Cookie", "guess", "X-Plain", "plain", "Content-Type", "application/json"))
	rc.send(t, signedFor("guess", "second-secret is second-secret"))
	kept := status.LastRefused(after)
	if len(kept) != 2 {
		t.Fatalf("%d are kept", len(kept))
	}
	r := kept[0]
	if string(r.Body) != body[:len(r.Body)] || len(r.Body) < status.MaxBody-20 || r.BodySize != len(body) {
		t.Errorf("%d bytes of %d", len(r.Body), r.BodySize)
	}
	if !slices.Equal(r.Headers["X-Plain"], []string{"plain"}) || !slices.Equal(r.Headers["Cookie"], []string{status.Masked}) {
		t.Errorf("%v", r.Headers)
	}
	if r.Signed == nil || r.Signed.Size != len(body) || len(r.Signed.Content) > shownContent || len(r.Signed.Expected) != 2 ||
		r.Signed.Expected[1] != hex.EncodeToString(hmacOf("second-secret", body))[:6] {
		t.Errorf("%+v", r.Signed)
	}
	if string(kept[1].Body) != "REDACTED is REDACTED" || kept[1].Signed != nil && strings.Contains(string(kept[1].Signed.Content), "second") {
		t.Errorf("%s, %+v", kept[1].Body, kept[1].Signed)
	}

	// A body that has a secret of its own is not kept.
	rc = newReceiver(t, "name graph\nprovider microsoft_graph\nsecret sesame-street")
	after = lastSeq()
	rc.send(t, requestOf(http.MethodPost, "/hooks", `{"value":[{"clientState":"guess"}]}`))
	if kept := status.LastRefused(after); len(kept) != 1 || len(kept[0].Body) > 0 {
		t.Errorf("%+v", kept)
	}
}

// TestSignedURLsPassword is in nothing that is kept, however short.
func TestSignedURLsPassword(t *testing.T) {
	rc := newReceiver(t, "name hidden\nprovider square\nsecret sesame-street\npublic_url https://me:p@hooks.example.com/hooks?a=1")
	after := lastSeq()
	rc.send(t, requestOf(http.MethodPost, "/hooks", "{}", "x-square-hmacsha256-signature", strings.Repeat("A", 44)))
	kept := status.LastRefused(after)
	if len(kept) != 1 || kept[0].Signed == nil || string(kept[0].Signed.Content) != "https://REDACTED@hooks.example.com/hooks?a=1{}" || kept[0].Signed.SHA256 != "" {
		t.Errorf("%+v", kept[0].Signed)
	}
}

// TestExplainedToTheOperatorOnly: what is found out goes into the log, and the
// sender gets the same answer.
func TestExplainedToTheOperatorOnly(t *testing.T) {
	rc := newReceiver(t, "name told\nprovider github\nsecret \"sesame-street\n\"")
	answer := func(d delivery) string {
		resp, body := rc.send(t, d)
		resp.Header.Del("Date")
		return fmt.Sprint(resp.StatusCode, resp.Header, body)
	}
	known, unknown := answer(signedFor("sesame-street", "{}")), answer(signedFor("guess", "{}"))
	if known != unknown {
		t.Errorf("the sender gets %s, and else %s", known, unknown)
	}
	entry := linesOf(rc.logs, lineRefused)[0]
	if remedy, _ := entry["remedy"].(string); !strings.Contains(remedy, "white space at its ends") {
		t.Errorf("%v", entry)
	}
}

// TestRefusedHoldsNoMore in memory than what is kept: what is taken from a request
// may be a part of a line that is a megabyte long.
func TestRefusedHoldsNoMore(t *testing.T) {
	rc := newReceiver(t, "name lean\nprovider github\nsecret sesame-street")
	heap := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	after, before := lastSeq(), heap()
	const n, long = 20, 900 << 10
	for range n {
		d := signedFor("guess", "{}")
		d.path = "/hooks/" + strings.Repeat("x", long)
		rc.send(t, d)
		rc.send(t, requestOf("P"+strings.Repeat("O", long), "/hooks", ""))
	}
	kept := status.LastRefused(after)
	if len(kept) != 2*n || len(kept[0].Path) > loggedPath || len(kept[1].Method) > keptMethod {
		t.Errorf("%d are kept", len(kept))
	}
	http.DefaultClient.CloseIdleConnections()
	eventually(t, "the lines are let go", func() bool { return heap()-before < n*long/2 })
}
