package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What Debian's wrk 4.1.0 printed of "caddy respond": with a status of 200, of 503,
// and with one that was ended meanwhile.
const (
	wrkWell = `Running 1s test @ http://127.0.0.1:18482/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   353.81us  732.37us   6.95ms   91.19%
    Req/Sec    59.90k     5.48k   65.66k    81.82%
  Latency Distribution
     50%  105.00us
     75%  197.00us
     90%    0.93ms
     99%    3.78ms
  65459 requests in 1.10s, 5.62MB read
Requests/sec:  59494.17
Transfer/sec:      5.11MB
`
	wrkStatus = `Running 1s test @ http://127.0.0.1:18482/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   389.66us  782.71us   8.73ms   90.98%
    Req/Sec    52.01k     2.43k   55.37k    63.64%
  Latency Distribution
     50%  119.00us
     75%  230.00us
     90%    1.03ms
     99%    3.93ms
  56840 requests in 1.10s, 5.80MB read
  Non-2xx or 3xx responses: 56840
Requests/sec:  51694.06
Transfer/sec:      5.28MB
`
	wrkSocket = `Running 1s test @ http://127.0.0.1:18482/
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   336.97us  722.79us   8.18ms   91.75%
    Req/Sec    53.68k     1.08k   55.49k    71.43%
  Latency Distribution
     50%  102.00us
     75%  183.00us
     90%  826.00us
     99%    3.82ms
  37358 requests in 1.00s, 3.21MB read
  Socket errors: connect 0, read 7, write 19546, timeout 0
Requests/sec:  37348.55
Transfer/sec:      3.21MB
`
)

func TestParseWrk(t *testing.T) {
	r, err := parseWrk(wrkWell)
	want := result{Rate: 59494.17, Answers: 65459, P50: 105 * time.Microsecond, P99: 3780 * time.Microsecond}
	if err != nil || r != want {
		t.Errorf("%+v, %v", r, err)
	}
	for name, out := range map[string]string{
		"statuses":        wrkStatus,
		"sockets":         wrkSocket,
		"no answer":       strings.Replace(wrkWell, "65459 requests", "0 requests", 1),
		"no p99":          strings.Replace(wrkWell, "     99%    3.78ms\n", "", 1),
		"nothing at all":  "",
		"no rate, others": strings.Replace(wrkWell, "Requests/sec", "Requests", 1),
	} {
		if r, err := parseWrk(out); err == nil || !strings.Contains(err.Error(), out) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestWrkScript(t *testing.T) {
	p := post{fields: []string{`A: "b: c\`, "D: e"}, body: sample}
	script := p.script("/a body")
	for _, text := range []string{`io.open("/a body", "rb")`, `wrk.headers["A"] = "\"b: c\\"`, `wrk.headers["D"] = "e"`} {
		if !strings.Contains(script, text) {
			t.Errorf("no %s in:\n%s", text, script)
		}
	}
	if strings.Contains(script, "request =") {
		t.Error("the same request is made each time")
	}
	p.numbered = true
	if first, second := p.script("b"), p.script("b"); !strings.Contains(first, numberField) || first == second {
		t.Errorf("two runs have the same numbers:\n%s", first)
	}
}

// A wrk that says what wrk says is run as wrk is.
func TestRunWrk(t *testing.T) {
	dir := t.TempDir()
	program := "#!/bin/sh\necho \"$@\" >'" + dir + "/arguments'\n[ \"$1\" != -v ] || { echo 'wrk 4 [epoll] Copyright'; exit 1; }\ncat <<'END'\n" + wrkWell + "END\n"
	if err := os.WriteFile(filepath.Join(dir, "wrk"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	by, err := chosenLoad()
	if err != nil || by.name != "wrk 4" {
		t.Fatalf("%q, %v", by.name, err)
	}
	if d := by.rounded(1500 * time.Millisecond); d != 2*time.Second {
		t.Errorf("wrk runs for %v", d)
	}
	if r, err := by.run(dir, address, 64, ticket, 2*time.Second); err != nil || r.Answers != 65459 {
		t.Errorf("%+v, %v", r, err)
	}
	arguments, err := os.ReadFile(filepath.Join(dir, "arguments"))
	want := "-t1 -c64 -d2 --timeout 10 --latency -s " + filepath.Join(dir, "post.lua") + " http://" + address + path + "\n"
	if err != nil || string(arguments) != want {
		t.Errorf("%s, %v", arguments, err)
	}
	if body, err := os.ReadFile(filepath.Join(dir, "post.body")); err != nil || string(body) != string(sample) {
		t.Errorf("%q, %v", body, err)
	}
}
