package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// budget is what bodies and events may take, as docs/reference.md says, and twice
// that how much more the process may take than bare Caddy.
const budget = 256 << 20

// large is an event that takes much memory.
type large struct {
	body   func() io.Reader
	fields []string
}

// TestMemoryIsBounded has 96 senders of large events at once, of each kind that
// needs another amount of memory and of all kinds together, and measures the process
// from outside, beside a bare Caddy under the same load. Each request is answered,
// and what was answered with 200 is stored.
func TestMemoryIsBounded(t *testing.T) {
	const size = 4 << 20
	of := func(body string, fields ...string) large {
		return large{func() io.Reader { return strings.NewReader(body) }, fields}
	}
	const plain = "Content-Type: text/plain"
	json := `{"Text":"` + strings.Repeat("x", size) + `"}`
	german := strings.Repeat("\t\"Über den Wölfen\", sagte Jürgen, \"muß die Größe …\"\r\n", size/60)
	kinds := map[string]large{
		"JSON":               of(json),
		"indented JSON":      of("[\n" + strings.Repeat(" \"für\",\n", size/10) + " 1\n]\n"),
		"German text":        of(german, plain),
		"control characters": of(strings.Repeat("\x01", size), plain),
		"gzip":               of(gzipped(json), "Content-Encoding: gzip"),
		"gzip bombs":         of(gzipped(strings.Repeat("\x01", 5<<20)), plain, "Content-Encoding: gzip"),
		"base64":             of(strings.Repeat("\xff", size), "Content-Type: application/octet-stream"),
		"of unknown length":  {func() io.Reader { return io.MultiReader(strings.NewReader(json)) }, nil},
		"too large":          of(strings.Repeat(" ", 6<<20)),
		"slow":               {func() io.Reader { return &slow{strings.NewReader(json)} }, nil},
		"stalled":            {func() io.Reader { return stalled(t, size) }, nil},
	}
	var mix []large
	for _, kind := range kinds {
		mix = append(mix, kind)
	}
	bare := newServer(t)
	bare.binary = withoutRace(t)
	bare.configure("http:// {\nrespond 200\n}\n")
	bare.start()
	load(t, bare, mix, 2*time.Second)
	most := bare.memory().peak + 2*budget

	for _, c := range []struct {
		name    string
		options []string
		kinds   []large
	}{
		{"JSON", nil, []large{kinds["JSON"]}},
		{"indented JSON", nil, []large{kinds["indented JSON"]}},
		{"German text", nil, []large{kinds["German text"]}},
		{"control characters", nil, []large{kinds["control characters"]}},
		{"gzip bombs", nil, []large{kinds["gzip bombs"]}},
		{"base64", nil, []large{kinds["base64"]}},
		{"two outputs", []string{"output file {$DIR}/raw.jsonl {\nformat raw\n}\noutput log"}, []large{kinds["JSON"]}},
		{"all kinds", nil, mix},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t)
			s.binary = withoutRace(t)
			s.configure(site(stored(append(c.options, "accept any", "timeout 5s", "attribute tag {http.request.header.X-Tag}")...)...))
			s.start()
			s.post("{}").wantStored(t)
			idle := s.memory()
			answers, acked, failures := load(t, s, c.kinds, 4*time.Second)
			loaded := s.memory()
			t.Logf("answers %v; resident %d MiB, at the peak %d MiB, bare Caddy %d MiB; Go heap %d MiB",
				answers, idle.now>>20, loaded.peak>>20, bare.memory().peak>>20, loaded.heap>>20)
			if loaded.peak > most {
				t.Errorf("the process takes %d MiB more than bare Caddy and twice the budget", (loaded.peak-most)>>20)
			}
			for status := range answers {
				switch status {
				case 200, 503, 408, 413:
				default:
					t.Errorf("answers of %d", status)
				}
			}
			if len(failures) > 0 {
				t.Errorf("%d requests without an answer: %v", len(failures), failures[0])
			}
			if len(acked) == 0 {
				t.Error("nothing was stored")
			}
			there := s.values("tag")
			for _, tag := range acked {
				if !there[tag] {
					t.Errorf("event %s was acknowledged and is not stored", tag)
				}
			}
		})
	}
}

// load has 96 senders send events of those kinds, one after the other, for some time.
// It returns how many were answered how, the tags of those that were acknowledged, and
// what became of those without an answer.
func load(t *testing.T, s *server, kinds []large, during time.Duration) (answers map[int]int, acked []string, failures []error) {
	answers = map[int]int{}
	var mu sync.Mutex
	var senders sync.WaitGroup
	end := time.Now().Add(during)
	for i := range 96 {
		senders.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				kind := kinds[(i+n)%len(kinds)]
				tag := fmt.Sprintf("%d-%d", i, n)
				a, err := s.upload(kind.body(), append([]string{"X-Tag: " + tag}, kind.fields...)...)
				if a.status == http.StatusServiceUnavailable {
					a.want(t, 503)
					time.Sleep(50 * time.Millisecond)
				}
				mu.Lock()
				switch {
				case err != nil:
					failures = append(failures, err)
				case a.status == http.StatusOK:
					acked = append(acked, tag)
					fallthrough
				default:
					answers[a.status]++
				}
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	return answers, acked, failures
}

// upload sends an event on a connection of its own, and reads the answer, which may come before
// all is sent. Go's client would not look for it once the connection is closed.
func (s *server) upload(body io.Reader, fields ...string) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+s.http+"/webhooks", body)
	if err != nil {
		return answer{}, err
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Set(name, value)
	}
	conn, err := net.Dial("tcp4", s.http)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	go func() { _ = req.Write(conn) }()
	return readAnswer(conn)
}

// slow reads a MiB or two in a second.
type slow struct{ io.Reader }

func (s *slow) Read(p []byte) (int, error) {
	time.Sleep(20 * time.Millisecond)
	return s.Reader.Read(p)
}
