package e2e

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

var inspectedBytes = flag.Int("inspected", 120<<20, "how many bytes of events TestInspectorOfMuch has")

// withInspector is a receiver and an inspector, which its key opens.
func withInspector() string {
	return "http:// {\nhandle_path /inspect* {\nwebhook_inspector\n}\n" +
		directive("/webhooks", "verify_token "+rightToken, "output file {$DIR}/a/events.jsonl {", "roll_size 1GiB", "}") + "}\n"
}

// inspects asks an inspector, with its key, and decodes the answer.
func (s *server) inspects(path string, question any, answer any) time.Duration {
	s.t.Helper()
	r, err := s.inspectorRequest(path, question)
	if err != nil {
		s.t.Fatal(err)
	}
	client := newClient(s.t)
	defer client.CloseIdleConnections()
	began := time.Now()
	a, err := read(client.Do(r))
	took := time.Since(began)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%d %s", a.status, a.body)
	}
	if err == nil {
		err = json.Unmarshal([]byte(a.body), answer)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", path, err)
	}
	return took
}

func (s *server) inspectorRequest(path string, question any) (*http.Request, error) {
	key, err := os.ReadFile(s.path("data", "caddy", "webhook_receiver", "inspector.key"))
	if err != nil {
		return nil, err
	}
	method, body := http.MethodGet, io.Reader(nil)
	if question != nil {
		text, err := json.Marshal(question)
		if err != nil {
			return nil, err
		}
		method, body = http.MethodPost, bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, "http://"+s.http+"/inspect/api/"+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Webhook-Inspector", "1")
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
	return r, nil
}

// eventsAnswer is what is read of an answer with events.
type eventsAnswer struct {
	Events   []struct{ ID string }
	Cursor   json.RawMessage
	Complete bool
	Looked   struct {
		Files, Of int
		Bytes     int64
	}
}

// writeMuch writes rotated files of 100 MB, compressed in frames as the receiver does, and a live one of a tenth.
func (s *server) writeMuch(size int) (files int) {
	s.t.Helper()
	const each = 100 << 20
	s.mkdir("a")
	text := strings.Repeat("The printer on the third floor does not print any more. ", 12)
	at := time.Now().Add(-100 * 24 * time.Hour).UTC()
	n := 0
	write := func(w io.Writer, size int) {
		buffered := bufio.NewWriterSize(w, 1<<20)
		for written := 0; written < size; n++ {
			at = at.Add(100 * time.Millisecond)
			k, _ := fmt.Fprintf(buffered, `{"specversion":"1.0","id":"019a0000-0000-7000-8000-%012x","source":"/","type":"kind.%d","subject":"T-%d","time":%q,"datacontenttype":"application/json","data":{"n":%d,"text":%q,"x":"%x"}}`+"\n",
				n, n%7, n%1000, at.Format(time.RFC3339Nano), n, text, n*2654435761)
			written += k
		}
		if err := buffered.Flush(); err != nil {
			s.t.Fatal(err)
		}
	}
	for ; size > 0; size -= each {
		var plain bytes.Buffer
		write(&plain, min(each, size))
		path := s.path("a", "events-"+at.Format("2006-01-02T15-04-05.000")+".jsonl")
		if err := os.WriteFile(path+".zst", inFrames(s.t, plain.Bytes()), 0o600); err != nil {
			s.t.Fatal(err)
		}
		files++
	}
	live, err := os.Create(s.path("a", "events.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer live.Close()
	write(live, each/10)
	return files + 1
}

// inFrames compresses in frames of 1 MiB, with a seek table.
// https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
func inFrames(t *testing.T, plain []byte) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	appendUint32 := binary.LittleEndian.AppendUint32
	var out, table []byte
	frames := 0
	for len(plain) > 0 {
		n := min(1<<20, len(plain))
		if n < len(plain) {
			n = bytes.LastIndexByte(plain[:n], '\n') + 1
		}
		before := len(out)
		out = encoder.EncodeAll(plain[:n], out)
		table = appendUint32(appendUint32(table, uint32(len(out)-before)), uint32(n))
		plain = plain[n:]
		frames++
	}
	table = append(appendUint32(table, uint32(frames)), 0)
	table = appendUint32(table, 0x8f92eab1)
	out = appendUint32(appendUint32(out, 0x184d2a5e), uint32(len(table)))
	return append(out, table...)
}

// TestInspectorOfMuch: however much there is, the first list comes at once, a search says how far it has got,
// and memory does not grow with it.
func TestInspectorOfMuch(t *testing.T) {
	s := newServer(t)
	files := s.writeMuch(*inspectedBytes)
	s.configure(withInspector())
	s.start()
	s.webhook(0, "inspect", "--address", s.admin)
	slack := time.Duration(1)
	if withRace {
		slack = 5
	}
	var list eventsAnswer
	took := s.inspects("events", map[string]any{"limit": 50}, &list)
	if took > slack*300*time.Millisecond || len(list.Events) != 50 || list.Looked.Of != files {
		t.Errorf("%d events after %v, %+v", len(list.Events), took, list.Looked)
	}
	idle := s.memory().now

	question := map[string]any{"limit": 50, "text": "is nowhere"}
	var resident []int
	var longest time.Duration
	total, answers := int64(0), 0
	for began := time.Now(); ; {
		var found eventsAnswer
		longest = max(longest, s.inspects("events", question, &found))
		resident = append(resident, s.memory().now)
		total += found.Looked.Bytes
		answers++
		if found.Looked.Bytes > 68<<20 || len(found.Events) != 0 {
			t.Errorf("%d events in %d bytes", len(found.Events), found.Looked.Bytes)
		}
		if found.Complete {
			t.Logf("%d MB in %d files: first list after %v; a search through all of it takes %v, in %d answers of at most %v; resident %d MiB before, at most %d",
				total/1e6, files, took.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), answers, longest.Round(time.Millisecond), idle>>20, slices.Max(resident)>>20)
			break
		}
		question["cursor"] = found.Cursor
	}
	if longest > slack*time.Second {
		t.Errorf("an answer took %v", longest)
	}
	if total < int64(*inspectedBytes) {
		t.Errorf("%d bytes were searched, of %d", total, *inspectedBytes)
	}
	if len(resident) > 3 {
		wantFlat(t, "resident (bytes)", resident, 40<<20)
	}
}

// TestInspectorBeside stores events without anybody looking, with 50 pages open, and beside a search, by turns,
// and tells how much more slowly that is. The sender shares the processors.
func TestInspectorBeside(t *testing.T) {
	s := newServer(t)
	s.writeMuch(30 << 20)
	s.configure(withInspector())
	s.start()
	s.webhook(0, "inspect", "--address", s.admin)
	kinds := []string{"nobody", "50 pages", "a search"}
	rates := make([][]float64, len(kinds))
	rounds := max(1, int(*turn/(2*time.Second)))
	for n := range rounds * len(kinds) {
		kind := n % len(kinds)
		stop := s.looks(kinds[kind])
		rates[kind] = append(rates[kind], s.loaded(*turn, n))
		stop()
	}
	for kind, name := range kinds {
		slices.Sort(rates[kind])
		t.Logf("stored in a second with %s: %.0f, median %.0f", name, rates[kind], rates[kind][len(rates[kind])/2])
	}
	if with, without := slices.Max(rates[1]), slices.Max(rates[0]); with < without/2 {
		t.Errorf("with 50 pages open %.0f events are stored in a second, without %.0f", with, without)
	}
}

// loaded sends events for a while, with wrk where it is installed, and returns how many were stored in a second.
func (s *server) loaded(turn time.Duration, n int) float64 {
	s.t.Helper()
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		began := time.Now()
		sent := 0
		for time.Since(began) < turn {
			sent += len(s.sends(subjects(fmt.Sprintf("%d.%d.", n, sent), 200), 1))
		}
		return float64(sent) / time.Since(began).Seconds()
	}
	script := s.path("post.lua")
	if err := os.WriteFile(script, []byte("wrk.method = 'POST'\nwrk.body = [==["+tagged("x")+"]==]\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	out, err := exec.Command(wrk, "-t1", "-c64", fmt.Sprintf("-d%.0fs", max(1, turn.Seconds())), "-s", script, "http://"+s.http+"/webhooks").CombinedOutput()
	_, found, _ := strings.Cut(string(out), "Requests/sec:")
	var rate float64
	if _, scanned := fmt.Sscan(found, &rate); err != nil || scanned != nil || strings.Contains(string(out), "Non-2xx") {
		s.t.Fatalf("wrk: %v\n%s", err, out)
	}
	return rate
}

// looks has somebody look, until what it returns is called.
func (s *server) looks(kind string) (stop func()) {
	s.t.Helper()
	quit := make(chan struct{})
	var looking sync.WaitGroup
	client := newClient(s.t)
	switch kind {
	case "50 pages":
		for range 50 {
			r, err := s.inspectorRequest("stream", nil)
			if err != nil {
				s.t.Fatal(err)
			}
			resp, err := (&http.Client{Transport: client.Transport}).Do(r)
			if err != nil || resp.StatusCode != http.StatusOK {
				s.t.Fatalf("%v, %v", resp, err)
			}
			looking.Go(func() { _, _ = io.Copy(io.Discard, resp.Body) })
			looking.Go(func() {
				<-quit
				_ = resp.Body.Close()
			})
		}
	case "a search":
		looking.Go(func() {
			question := map[string]any{"limit": 50, "text": "is nowhere"}
			for {
				select {
				case <-quit:
					return
				default:
				}
				r, err := s.inspectorRequest("events", question)
				if err != nil {
					s.t.Error(err)
					return
				}
				a, err := read(client.Do(r))
				var found eventsAnswer
				if err == nil {
					err = json.Unmarshal([]byte(a.body), &found)
				}
				if err != nil {
					s.t.Errorf("%v: %s", err, a.body)
					return
				}
				if question["cursor"] = found.Cursor; found.Complete {
					delete(question, "cursor")
				}
			}
		})
	}
	return func() {
		close(quit)
		looking.Wait()
	}
}
