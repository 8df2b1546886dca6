package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	defer s.Close()
	r, err := runOwn("", strings.TrimPrefix(s.URL, "http://"), 3, ticket, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(r.Rate/10 + 0.5); r.Answers != requests.Load() || n > r.Answers || n < r.Answers-3 || r.P50 <= 0 || r.P99 < r.P50 {
		t.Errorf("%d requests were measured as %+v", requests.Load(), r)
	}
}

func TestLoadFailsWithTheServer(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"another status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"a body":         func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) },
	} {
		s := httptest.NewServer(handler)
		if r, err := runOwn("", strings.TrimPrefix(s.URL, "http://"), 1, ticket, 100*time.Millisecond); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
		s.Close()
	}
}

func TestLoadNumbersRequests(t *testing.T) {
	p := ticket
	p.numbered = true
	var numbers sync.Map
	var requests, again atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if _, known := numbers.LoadOrStore(r.Header.Get(numberField), true); known {
			again.Add(1)
		}
	}))
	defer s.Close()
	for range 2 {
		if _, err := runOwn("", strings.TrimPrefix(s.URL, "http://"), 3, p, 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if again.Load() > 0 || requests.Load() < 2 {
		t.Errorf("%d of %d numbers came twice", again.Load(), requests.Load())
	}
}

func TestMedian(t *testing.T) {
	rates := func(values ...float64) (all []result) {
		for _, v := range values {
			all = append(all, result{Rate: v})
		}
		return all
	}
	rate := func(_ int, r result) float64 { return r.Rate }
	if got := median(rates(3, 1, 2), rate); got != 2 {
		t.Error(got)
	}
	if got := median(rates(4, 1, 2, 3), rate); got != 2.5 {
		t.Error(got)
	}
}

func TestPadded(t *testing.T) {
	if body := padded(100_000); len(body) < 99_900 || len(body) > 100_100 || !strings.HasSuffix(string(body), `"}`) {
		t.Errorf("%d bytes", len(body))
	}
}

func TestChosenScenarios(t *testing.T) {
	defer func(before string) { *only = before }(*only)
	for chosen, want := range map[string]bool{"": true, "what": false, idleTitle[:4]: true, "what," + idleTitle[:4]: true} {
		if *only = chosen; isChosen(idleTitle) != want {
			t.Errorf("-only %q: %t, want %t", chosen, !want, want)
		}
	}
}
