package webhookreceiver

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// TestDepth: a delivered event says through how many deliveries it came, and ends at 8.
func TestDepth(t *testing.T) {
	rc := newReceiver(t, "attribute tenant acme")
	for depth, want := range map[string]string{
		"": "", "0": "", "1": "1", "7": "7", " 7 ": "7", "07": "7", // taken
		"x": "", "-1": "", "1.5": "", "3, 3": "", "+3": "", "0x8": "", // ignored
		"8": "508", "9": "508", "99999999999999999999999": "508",
	} {
		before := len(lines(t, rc.file))
		answer := rc.post(t, `{"a":1}`, "X-Webhook-Depth", depth)
		if want == "508" {
			if answer.StatusCode != http.StatusLoopDetected || len(lines(t, rc.file)) != before {
				t.Errorf("%q: %d", depth, answer.StatusCode)
			}
			continue
		}
		e, line := rc.last(t)
		if got, _ := e["deliverydepth"].(string); answer.StatusCode != 200 || got != want || want == "" && strings.Contains(line, "deliverydepth") {
			t.Errorf("%q: %d %s", depth, answer.StatusCode, line)
		}
	}
	if n := logged(rc.logs, zapcore.InfoLevel, lineRefused); n != 3 {
		t.Errorf("%d refusals are logged", n)
	}
	entry := linesOf(rc.logs, lineRefused)[0]
	mustContain(t, fmt.Sprint(entry["status"], entry["reason"], entry["remedy"]), "508", "come through 8 deliveries", "see what deliver sends to")
	if n := maybeLost(rc.logs); n != 0 {
		t.Errorf("%d are said to be lost, but they are stored where they come from", n)
	}

	// Who does not know the secret learns nothing of it.
	rc = newReceiver(t, "provider github\nsecret sesame")
	if answer := rc.post(t, `{"a":1}`, "X-Webhook-Depth", "8"); answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a signature: %d", answer.StatusCode)
	}
}

// runCaddy runs Caddy with a config, in this process.
func runCaddy(t *testing.T, caddyfileText string) {
	t.Helper()
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	config := adapted(t, "{\nadmin off\nauto_https off\npersist_config off\nstorage file_system "+t.TempDir()+"\n}\n"+caddyfileText)
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
}

// adapted returns the JSON of a Caddyfile.
func adapted(t *testing.T, caddyfileText string) []byte {
	t.Helper()
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfileText), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// freeAddress returns an address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// postTo sends an event, and wants it taken.
func postTo(t *testing.T, url, body string) {
	t.Helper()
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Fatal(answer.Status)
	}
}

// TestLoop: a receiver that delivers to itself stores an event eight times, and no more.
func TestLoop(t *testing.T) {
	address, file := freeAddress(t), filepath.Join(t.TempDir(), "events.jsonl")
	runCaddy(t, fmt.Sprintf(`http://%s {
		webhook_receiver /in {
			verify_token sesame
			output file %s
			deliver http://%[1]s/in
		}
	}`, address, file))
	began := lastSeq()
	postTo(t, "http://"+address+"/in", `{"n":1}`)
	var refused *status.Refused
	eventually(t, "the loop is refused", func() bool {
		for _, r := range status.LastRefused(began) {
			if r.Status == http.StatusLoopDetected {
				refused = r
			}
		}
		return refused != nil
	})
	mustContain(t, refused.Reason, "leads back")
	all := lines(t, file)
	if len(all) != maxDepth {
		t.Errorf("stored %d times", len(all))
	}
	for i, line := range all {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint(i)
		if i == 0 {
			want = ""
		}
		if got, _ := e[event.DeliveryDepth].(string); got != want {
			t.Errorf("line %d: depth %q", i, got)
		}
	}
	if age := time.Since(refused.Time); age > time.Minute {
		t.Errorf("refused %s ago", age)
	}
}
