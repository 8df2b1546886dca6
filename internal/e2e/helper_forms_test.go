//go:build unix

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"strings"
)

var keepForms = flag.String("keep", "", "a name, such as 2026-11-27, under which TestForms keeps the new set of forms in testdata/forms")

// A set of forms is what a version has left behind: below files what was in the server's
// directory, and beside it what README.md says. These stand in its texts for what differs from run to run.
const (
	formsFolder  = "testdata/forms"
	formsList    = "FILES" // sum, mode, time and name of each file
	formsReadme  = "README.md"
	formsDir     = "/forms"
	formsAdmin   = "localhost:2019"
	formsApp     = "localhost:3000"
	formsLater   = "localhost:3001"
	formsReplay  = "localhost:3002"
	packedEnding = ".packed.gz" // of a file that is kept compressed for its size
)

// expected is what a set is known to hold.
type expected struct {
	Journals map[string]expectedJournal `json:"journals"` // by their directories
	// Undelivered, and Dead, are the ids of events that are delivered once Caddy runs again, and of those
	// that are dead letters, by delivery.
	Undelivered map[string][]string `json:"undelivered"`
	Dead        map[string][]string `json:"dead"`
	Replayed    int                 `json:"replayed"` // events that the state of replay has sent
	AsanaSecret string              `json:"asana_secret"`
	PlaidKey    formsKey            `json:"plaid_key"`
}

type expectedJournal struct {
	Raw    bool            `json:"raw,omitempty"` // lines without an envelope, in Lines
	Lines  []string        `json:"lines,omitempty"`
	Torn   int             `json:"torn"`
	Events []expectedEvent `json:"events"`         // the oldest first
	Fit    int             `json:"fit,omitempty"`  // signatures that verify finds right
	Size   int             `json:"size,omitempty"` // of the files
}

type expectedEvent struct {
	ID         string            `json:"id"`
	Attributes map[string]string `json:"attributes"`
	Line       string            `json:"line_sha256"` // of the line
	Body       string            `json:"body_sha256"` // as it was sent
}

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// expectForms notes what the files hold.
func (s *server) expectForms(e *expected, bodies map[string]string) {
	t := s.t
	t.Helper()
	for _, dir := range []string{"plain", "signed", "sealed", "keys", "learnt", "raw", "gzip", "zstd", "timed"} {
		j := expectedJournal{Raw: dir == "raw"}
		if j.Raw {
			j.Lines = lines(t, s.path("raw", "events.jsonl"))
			e.Journals[dir] = j
			continue
		}
		for _, name := range eventFiles(t, s.path(dir)) {
			content, err := unpacked(s.path(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(content) {
				r, err := dissect(strings.TrimSuffix(line, "\n"))
				if err != nil {
					j.Torn++
					continue
				}
				body, known := bodies[r.id()]
				if !known {
					body, _ = s.webhook(0, "show", r.id(), s.path(dir), "--as", "body")
				}
				j.Events = append(j.Events, expectedEvent{r.id(), r.attributes, sumOf(r.line), sumOf(body)})
			}
		}
		e.Journals[dir] = j
	}
	for dir, fit := range map[string]int{"signed": 2, "sealed": 3, "keys": 1, "learnt": 1} {
		j := e.Journals[dir]
		j.Fit = fit
		e.Journals[dir] = j
	}
}
