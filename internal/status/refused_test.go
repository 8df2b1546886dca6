package status

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

func reasons(k *ring) (all []string) {
	saved := refused.all
	defer func() { refused.all = saved }()
	refused.all = k.all
	for _, r := range LastRefused(0) {
		all = append(all, r.Reason)
	}
	return all
}

// TestRing keeps the last ones of each receiver and reason, authentic ones apart.
func TestRing(t *testing.T) {
	var k ring
	a, b := new(Counts), new(Counts)
	for i := range 100 {
		k.keep(a, &Refused{Status: 400, Reason: fmt.Sprintf("no JSON at byte %d", i)})
		if i < 3 {
			k.keep(a, &Refused{Status: 401, Reason: "signature"})
			k.keep(b, &Refused{Status: 400, Reason: "no JSON at byte 1"})
			k.keep(a, &Refused{Status: 400, Reason: "no JSON at byte 2", Authentic: true})
		}
	}
	got := strings.Join(reasons(&k), ",")
	if n := k.all[0].Len(); n != keptOfReason+3+3 {
		t.Errorf("%d are kept: %s", n, got)
	}
	if k.all[1].Len() != 3 || !strings.HasSuffix(got, "98,no JSON at byte 99") || strings.Contains(got, "byte 79,") || !strings.Contains(got, "byte 80,") {
		t.Error(got)
	}
}

// TestRingIsBounded: in bytes, whatever is sent; authentic ones stay the longest.
func TestRingIsBounded(t *testing.T) {
	var k ring
	c := new(Counts)
	big := func(i int, authentic bool) *Refused {
		return &Refused{Status: 400, Reason: strings.Repeat("r", i%200), Authentic: authentic, Body: make(Text, MaxBody), Headers: map[string][]string{"A": {strings.Repeat("x", 2000)}}}
	}
	for i := range 20 {
		k.keep(c, big(0, true))
		k.keep(c, big(i, false))
	}
	for i := range 5000 {
		k.keep(c, big(i, false))
		if k.bytes > keptBytes {
			t.Fatalf("%d bytes are kept", k.bytes)
		}
	}
	if k.all[1].Len() != 20 {
		t.Errorf("%d authentic ones are left", k.all[1].Len())
	}
	if n := k.all[0].Len(); n < 100 {
		t.Errorf("%d others are left", n)
	}
	if n := len(k.reasons[c]); n > maxReasons {
		t.Errorf("%d reasons", n)
	}
	elements := 0
	for _, of := range k.groups {
		elements += len(of)
	}
	if elements != k.all[0].Len()+k.all[1].Len() || len(k.groups) > 2*maxReasons+2 {
		t.Errorf("%d elements of %d groups for %d and %d", elements, len(k.groups), k.all[0].Len(), k.all[1].Len())
	}
	for i := range 5000 {
		k.keep(new(Counts), big(i, true))
		if k.bytes > keptBytes {
			t.Fatalf("%d bytes are kept", k.bytes)
		}
	}
	if k.all[0].Len() > 0 || k.all[1].Len() < 100 {
		t.Errorf("%d authentic ones are left, and %d others", k.all[1].Len(), k.all[0].Len())
	}
}

// TestLastRefused goes on after a number.
func TestLastRefused(t *testing.T) {
	c := new(Counts)
	first := &Refused{Time: time.Now(), Status: 400, Reason: "first", ID: "value", Type: "value", Headers: map[string][]string{"A": {"value"}}, Body: Text("body"), Signed: &Signed{Content: Text("c")}}
	second := &Refused{Status: 400, Reason: "second", Authentic: true}
	c.Keep(first)
	c.Keep(second)
	got := LastRefused(first.Seq - 1)
	if len(got) != 2 || got[0] != first || got[1] != second {
		t.Errorf("%v", got)
	}
	if got := LastRefused(first.Seq); len(got) != 1 || got[0] != second {
		t.Errorf("%v", got)
	}
	if got := LastRefused(second.Seq); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if c.lastRefusal.Reason != "second" {
		t.Errorf("%v", c.lastRefusal)
	}
	bare, err := json.Marshal(first.WithoutContent())
	if text := string(bare); err != nil || strings.Contains(text, "value") || strings.Contains(text, "body\":") || strings.Contains(text, "signed") || !strings.Contains(text, `"A":[]`) {
		t.Errorf("%s, %v", bare, err)
	}
}

// TestText: bytes that are no text are not lost.
func TestText(t *testing.T) {
	for text, want := range map[string]string{"a\n€": `"a\n€"`, "\xff\x00": `"base64:/wA="`, "": `""`} {
		if got, err := json.Marshal(Text(text)); string(got) != want || err != nil {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

// TestMask hides what is known wherever it is, and what is not in its places.
func TestMask(t *testing.T) {
	m := NewMask(func(name string) bool {
		return slices.Contains([]string{"X-Gitlab-Token", "Authorization", "Cookie", "X-Api-Key"}, name)
	})
	defer Know([]string{"sesame/street\n", "whsec_c2VjcmV0LWtleQ==", "abc"})()
	header := http.Header{}
	for name, value := range map[string]string{
		"X-Gitlab-Token": "guess", "Authorization": "guess", "Cookie": "guess", "X-Api-Key": "guess", "Referer": "https://me:guess@x/?verifyToken=guess",
		"X-Original-Uri": "/hooks?verifyToken=guess", "X-Other": "Bearer guess", "X-Plain": "plain sesame/street plain", "X-Encoded": "sesame%2Fstreet",
		"X-Sesame/street": "plain", "X-Svix": "c2VjcmV0LWtleQ==", "X-Short": "abc",
	} {
		header[name] = []string{value, value}
	}
	masked, _ := json.Marshal(m.Headers(header))
	for _, word := range []string{"guess", "sesame", "c2vjcmv0"} {
		if strings.Contains(strings.ToLower(string(masked)), word) {
			t.Errorf("%s is shown: %s", word, masked)
		}
	}
	for _, part := range []string{`"X-Plain":["plain REDACTED plain","plain REDACTED plain"]`, `"X-Short":["abc","abc"]`, `"Cookie":["REDACTED","REDACTED"]`, `"X-Original-Uri":["/hooks?REDACTED"`} {
		if !strings.Contains(string(masked), part) {
			t.Errorf("%s is not shown: %s", part, masked)
		}
	}
	for query, want := range map[string]string{
		"": "", "challenge=1&verifyToken=guess": "challenge=REDACTED&verifyToken=REDACTED", "guess": "REDACTED", "a;guess=1": "REDACTED",
		"sesame/street=1": "REDACTED", "x=%zz;verifyToken=guess": "x=REDACTED", "sesame.street=": "sesame.street=REDACTED",
	} {
		if got := m.Query(query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

// TestMaskBeginning cuts no secret in two.
func TestMaskBeginning(t *testing.T) {
	const secret = "sesame-street"
	m := NewMask(func(string) bool { return false })
	forget := Know([]string{secret})
	for before := range 60 {
		for _, after := range []int{0, 1, 30, 300} {
			text := strings.Repeat("x", before) + secret + strings.Repeat("y", after)
			got := string(m.Beginning([]byte(text), 40))
			if strings.Contains(got, "ses") || len(got) > 40+len(Masked) {
				t.Errorf("%d, %d: %q", before, after, got)
			}
		}
	}
	long := strings.Repeat("sesame!", 10)
	forgetLong := Know([]string{long})
	for limit := 100; limit < 400; limit++ { // what is hidden leaves room for what follows
		if got := string(m.Beginning([]byte(strings.Repeat(long, 20)), limit)); strings.Contains(got, "ses") {
			t.Errorf("%d: %q", limit, got)
		}
	}
	forgetLong()
	Know([]string{secret})()
	if got := m.Text(secret); got != Masked {
		t.Errorf("%q, when one of two has forgotten it", got)
	}
	forget()
	forget()
	if got := m.Text(secret); got != secret {
		t.Errorf("%q, when both have", got)
	}
	if got := string(m.Beginning([]byte("abcdef"), 3)); got != "abc" {
		t.Errorf("%q", got)
	}
}

// TestMaskLargeHeaders keeps the size of what is kept.
func TestMaskLargeHeaders(t *testing.T) {
	header := http.Header{}
	for i := range 1000 {
		header[fmt.Sprintf("X-%d", i)] = []string{strings.Repeat("x", 5000), "y"}
	}
	size := 0
	for name, values := range NewMask(func(string) bool { return false }).Headers(header) {
		size += len(name) + len(strings.Join(values, ""))
	}
	if size > MaxHeaders || size < MaxHeaders/2 {
		t.Errorf("%d bytes", size)
	}
}

// TestMaskManyValues: empty values take memory, too, and none of a long one stays
// besides what is kept.
func TestMaskManyValues(t *testing.T) {
	m := NewMask(func(string) bool { return false })
	r := &Refused{Headers: m.Headers(http.Header{"X": make([]string, 250_000), "Y": {"y"}})}
	if size := r.size(); size > overhead+MaxHeaders+valueOverhead {
		t.Errorf("%d bytes are counted", size)
	}
	if n := cap(r.Headers["X"]); n > 2*MaxHeaders/valueOverhead {
		t.Errorf("there is room for %d values", n)
	}
	long := strings.Repeat("x", 1<<20)
	kept := m.Headers(http.Header{"X": {long}})["X"][0]
	if unsafe.StringData(kept) == unsafe.StringData(long) {
		t.Errorf("all of the value stays in memory for %d bytes of it", len(kept))
	}
}
