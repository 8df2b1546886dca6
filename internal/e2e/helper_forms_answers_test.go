//go:build unix

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// formsAnswers are what the admin API is asked for.
var formsAnswers = map[string]string{
	"status.json": "/webhook_receiver/status", "deliveries.json": "/webhook_receiver/deliveries", "refused.json": "/webhook_receiver/refused",
	"learn.json": "/webhook_receiver/learn/tasks", "metrics.txt": "/metrics",
}

// askInspector asks it with the key.
func (s *server) askInspector(what, question string) string {
	s.t.Helper()
	key, err := os.ReadFile(s.path("data", "caddy", "webhook_receiver", "inspector.key"))
	if errors.Is(err, fs.ErrNotExist) {
		s.webhook(0, "inspect", "--address", s.admin) // which makes it
		key, err = os.ReadFile(s.path("data", "caddy", "webhook_receiver", "inspector.key"))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.postTo("/inspect/api/"+what, question, "Authorization: Bearer "+strings.TrimSpace(string(key)), "X-Webhook-Inspector: 1")
	a.want(s.t, http.StatusOK)
	return a.body
}

// keepAnswers keeps the names in what the admin API answers: they are for others to read.
func (s *server) keepAnswers() {
	s.t.Helper()
	s.mkdir("admin")
	s.askInspector("events", `{"limit":1}`)
	for name, path := range formsAnswers {
		s.write("admin/"+name+".names", s.namesIn(name, path))
	}
}

// namesIn returns the names in an answer, a line each.
func (s *server) namesIn(name, path string) string {
	s.t.Helper()
	answer := s.fromAdmin(path)
	if name == "metrics.txt" {
		return metricNames(answer)
	}
	return membersOf(s.t, answer)
}

var metricLine = regexp.MustCompile(`(?m)^(caddy_webhook_receiver_\w+?)(?:\{(.*)\})? \S+$`)

// metricNames returns the names of the plugin's metrics, with those of their labels.
func metricNames(text string) string {
	names := map[string]bool{}
	for _, m := range metricLine.FindAllStringSubmatch(text, -1) {
		var labels []string
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, label[1])
		}
		names[m[1]+" "+strings.Join(labels, ",")] = true
	}
	return linesOf(names)
}

func linesOf(names map[string]bool) string {
	var all []string
	for name := range names {
		all = append(all, name+"\n")
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// membersOf returns the paths of all members of a JSON text, or of several, with their kinds. Names that are
// values, such as those of receivers, are left out.
func membersOf(t *testing.T, text string) string {
	t.Helper()
	names := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, value := range v {
				if regexp.MustCompile(`^[a-z][a-z_0-9]*$`).MatchString(name) {
					walk(path+"."+name, value)
				}
			}
		case []any:
			for _, value := range v {
				walk(path+"[]", value)
			}
		default:
			names[fmt.Sprintf("%s %T", path, v)] = true
		}
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	for {
		var v any
		err := decoder.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		walk("", v)
	}
	return linesOf(names)
}
