//go:build unix

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// keptForms are the sets that there are, with the SHA-256 of the list of each one's files. A set is never taken
// out: what a version wrote once is read for ever.
var keptForms = map[string]string{
	"2026-11-25": "e08aac7f8fe58932d079bf3c27367d31ae10662073cc1d77ea0a64ebfafa0b2e",
	"2026-11-27": "8fca4a7fde2c790bef9dc6a8dc32768813e9b44a24ae28e58af03afce4d8e8a7",
}

// formsOf returns the directories of all kept sets.
func formsOf(t *testing.T) (sets []string) {
	t.Helper()
	entries, err := os.ReadDir(formsFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			sets = append(sets, filepath.Join(formsFolder, entry.Name()))
		}
	}
	return sets
}

// TestFormsAreAsTheyWereKept: no file of a set was altered, removed or added.
func TestFormsAreAsTheyWereKept(t *testing.T) {
	sets := formsOf(t)
	for name := range keptForms {
		if set := filepath.Join(formsFolder, name); !slices.Contains(sets, set) {
			t.Errorf("%s was removed", set)
		}
	}
	for _, set := range sets {
		list, err := os.ReadFile(filepath.Join(set, formsList))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sumOf(string(list)); keptForms[filepath.Base(set)] != sum {
			t.Errorf("%s: its list was altered; if the set is new, add %q: %q to the sets", set, filepath.Base(set), sum)
		}
		size := int64(0)
		listed, there := map[string]string{}, map[string]string{}
		for _, f := range listedForms(t, set) {
			listed[f.path] = f.sum
		}
		for _, f := range formsIn(t, set) {
			there[f.path] = f.sum
			info, err := os.Stat(filepath.Join(set, f.path))
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
		}
		if _, err := os.Stat(filepath.Join(set, formsReadme)); err != nil {
			t.Error(err)
		}
		for path, sum := range listed {
			if there[path] != sum {
				t.Errorf("%s: %s was altered or removed: a form that was written once is read for ever", set, path)
			}
		}
		for path := range there {
			if listed[path] == "" {
				t.Errorf("%s: %s was added: keep a new set instead", set, path)
			}
		}
		if size > 200_000 {
			t.Errorf("%s has %d bytes, more than a repository should hold", set, size)
		}
	}
}

// TestForms has the newest version read what was kept of every version, and what it writes itself.
func TestForms(t *testing.T) {
	t.Parallel()
	made := makeForms(t)
	t.Cleanup(func() { keep(t, made) })
	for _, set := range append(formsOf(t), made) {
		name := filepath.Base(set)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := expectedOf(t, set)
			if len(e.Undelivered) == 0 {
				readsOldForms(t, set, e)
				return
			}
			t.Run("names", func(t *testing.T) { t.Parallel(); wantNames(t, set, made) })
			t.Run("commands", func(t *testing.T) { t.Parallel(); readsForms(t, set, e) })
			t.Run("replay", func(t *testing.T) { t.Parallel(); replaysForms(t, set, e) })
			t.Run("configs", func(t *testing.T) { t.Parallel(); loadsForms(t, set, e) })
			t.Run("older files", func(t *testing.T) { t.Parallel(); deliversFromOlderFiles(t, set, e) })
			t.Run("receivers", func(t *testing.T) { t.Parallel(); goesOnWithForms(t, set, e) })
		})
	}
}

// keep keeps a set that was made, once all is known to read it.
func keep(t *testing.T, made string) {
	t.Helper()
	if *keepForms == "" || t.Failed() {
		return
	}
	kept := filepath.Join(formsFolder, *keepForms)
	if _, err := os.Lstat(kept); err == nil {
		t.Fatalf("%s is there: no set is ever altered", kept)
	}
	if err := os.CopyFS(kept, os.DirFS(made)); err != nil {
		t.Fatal(err)
	}
}

func expectedOf(t *testing.T, set string) *expected {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(set, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	e := new(expected)
	if err := json.Unmarshal(content, e); err != nil {
		t.Fatal(err)
	}
	return e
}

// readsForms: find, show, tail, check and verify find in the files what was stored.
func readsForms(t *testing.T, set string, e *expected) {
	s := newServer(t)
	s.restore(set, nil)
	s.env = append(s.env, "APP="+formsApp, "LATER="+formsLater)
	s.configure(formsConfig(t, set, "Caddyfile"))
	for dir, j := range e.Journals {
		s.reads(dir, j)
		if j.Fit > 0 {
			out, _ := s.webhook(0, "verify", s.path(dir), "--config", s.path("Caddyfile"))
			if n := numbersIn(out)["fit"]; n < j.Fit {
				t.Errorf("%s: %d signatures fit, want %d:\n%s", dir, n, j.Fit, out)
			}
		}
	}
}

// formsConfig is a kept Caddyfile without what every server's begins with.
func formsConfig(t *testing.T, set, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(set, "config", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(content), caddyfile(""))
}

// reads has the commands read a journal.
func (s *server) reads(dir string, j expectedJournal) {
	t := s.t
	t.Helper()
	if j.Raw {
		if out, _ := s.webhook(0, "tail", "--json", s.path(dir, "events.jsonl")); !slices.Equal(linesIn(out), j.Lines) {
			t.Errorf("%s: tail shows\n%s", dir, out)
		}
		return
	}
	want := []string{}
	for _, e := range j.Events {
		want = append(want, e.Line)
	}
	same := func(command, out string) {
		t.Helper()
		var got []string
		for _, line := range linesIn(out) {
			got = append(got, sumOf(line))
		}
		if !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: %s shows %d events, want %d, or others:\n%s", dir, command, len(got), len(want), clip(out))
		}
	}
	found, _ := s.webhook(0, "find", "--json", s.path(dir))
	same("find", found)
	tailed, _ := s.webhook(0, "tail", "--json", "-n", "1000", s.path(dir))
	same("tail", tailed)
	for _, line := range linesIn(found) {
		r, err := dissect(line)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(j.Events, func(e expectedEvent) bool { return e.ID == r.id() })
		if i < 0 || !maps.Equal(r.attributes, j.Events[i].Attributes) {
			t.Errorf("%s: %s has other attributes", dir, r.id())
		}
	}
	out, _ := s.webhook(min(j.Torn, 1), "check", s.path(dir))
	if fields := strings.Fields(totalOf(out)); len(fields) < 4 || fields[0] != fmt.Sprint(len(j.Events)) || fields[2] != fmt.Sprint(j.Torn) || fields[3] != "0" {
		t.Errorf("%s: check counts, instead of %d events and %d torn lines:\n%s", dir, len(j.Events), j.Torn, out)
	}
	for _, e := range j.Events {
		if body, _ := s.webhook(0, "show", e.ID, s.path(dir), "--as", "body"); sumOf(body) != e.Body {
			t.Errorf("%s: the body of %s is not what was sent, but %q", dir, e.ID, clip(body))
		}
	}
	s.webhook(0, "show", j.Events[0].ID, s.path(dir), "--as", "request")
	s.webhook(0, "show", j.Events[0].ID, s.path(dir))
}

// totalOf is the last row of a table of check's.
func totalOf(table string) string {
	rows := linesIn(table)
	for i, row := range rows {
		if strings.HasPrefix(row, "repeated ids") && i > 0 {
			return rows[i-1]
		}
	}
	return ""
}

func linesIn(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == '\n' })
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

var numbered = regexp.MustCompile(`(?m)^ *([\d,]+) +(.+)$`)

// numbersIn are those in a list with a number at the beginning of each line.
func numbersIn(text string) map[string]int {
	numbers := map[string]int{}
	for _, m := range numbered.FindAllStringSubmatch(text, -1) {
		numbers[m[2]], _ = strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	}
	return numbers
}

// replaysForms: replay goes on from the state, and sends each event with its own body.
func replaysForms(t *testing.T, set string, e *expected) {
	s := newServer(t)
	target := newFormsTarget(t)
	s.restore(set, map[string]string{formsReplay: target.address()})
	args := []string{"replay", s.path("plain"), "--to", target.URL, "--as", "original", "--state", s.path("replay.state")}
	s.webhook(0, args...)
	plain := e.Journals["plain"].Events
	late := plain[e.Replayed:]
	var want []string
	for _, event := range late {
		want = append(want, event.ID)
	}
	if !slices.Equal(target.came(), want) {
		t.Errorf("replayed %q, want %q", target.came(), want)
	}
	s.webhook(0, append(args[:6:6], "--state", s.path("another.state"))...)
	for _, event := range plain {
		if got, _ := target.took(event.ID); got != event.Body {
			t.Errorf("%s was replayed as something else", event.ID)
		}
	}
}

// loadsForms: the newest Caddy makes of a kept Caddyfile what was made of it then, and loads both.
func loadsForms(t *testing.T, set string, e *expected) {
	s := newServer(t)
	_, record := e.PlaidKey.record()
	var key struct{ Public string }
	if err := json.Unmarshal([]byte(record), &key); err != nil {
		t.Fatal(err)
	}
	s.write("keys.json", key.Public)
	for caddyfile, adapted := range map[string]string{"Caddyfile": "adapted.json", "options.Caddyfile": "options.json"} {
		config, err := os.ReadFile(filepath.Join(set, "config", caddyfile))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join(set, "config", adapted))
		if err != nil {
			t.Fatal(err)
		}
		var now, then any
		if err := errors.Join(json.Unmarshal([]byte(s.formsAdapt(string(config))), &now), json.Unmarshal(kept, &then)); err != nil {
			t.Fatal(err)
		}
		if is, was := handlersIn(now), handlersIn(then); len(was) == 0 || !slices.Equal(is, was) {
			t.Errorf("%s: the Caddyfile means something else than it did", caddyfile)
		}
		path := s.write("kept.json", s.formsText(string(kept), nil, false))
		if out, err := s.run("validate", "--config", path); err != nil {
			t.Errorf("%s does not load: %s", adapted, out)
		}
	}
}

// handlersIn returns the plugin's handlers in a config, sorted, as JSON. What is around them, and the order of those whose paths
// are of one length, is Caddy's, and not the same in all versions of it.
func handlersIn(config any) (all []string) {
	switch v := config.(type) {
	case map[string]any:
		if name, _ := v["handler"].(string); strings.HasPrefix(name, "webhook_") {
			text, _ := json.Marshal(v) // with its members sorted
			return []string{string(text)}
		}
		for _, value := range v {
			all = append(all, handlersIn(value)...)
		}
	case []any:
		for _, value := range v {
			all = append(all, handlersIn(value)...)
		}
	}
	return sorted(all)
}

// goesOnWithForms has a Caddy go on where another one has stopped.
func goesOnWithForms(t *testing.T, set string, e *expected) {
	s := newServer(t)
	app, later := newFormsTarget(t), newFormsTarget(t)
	apps := map[string]string{formsApp: app.address(), formsLater: later.address()}
	s.restore(set, apps)
	s.nowFetched()
	key, err := os.ReadFile(s.path("data", "caddy", "webhook_receiver", "inspector.key"))
	if err != nil {
		t.Fatal(err)
	}
	adapted, err := os.ReadFile(filepath.Join(set, "config", "adapted.json"))
	if err != nil {
		t.Fatal(err)
	}
	before := map[string][]string{}
	for dir := range e.Journals {
		before[dir] = eventFiles(t, s.path(dir))
	}
	s.configure("")
	s.start()
	if status, answer := s.loadAs("application/json", s.formsText(string(adapted), apps, false)); status != http.StatusOK {
		t.Fatalf("the config does not load: %d %s", status, answer)
	}

	// Deliveries go on from their cursors, and send dead letters again when they are asked to.
	app.takes(t, e.Undelivered["app"]...)
	later.takes(t, e.Undelivered["later"]...)
	eventually(t, "dead letters are sent again", func() error {
		if a := s.askAdmin(http.MethodPost, "/webhook_receiver/deliveries/plain/app/retry", ""); a.status != http.StatusOK {
			return errors.New(a.body)
		}
		return nil
	})
	app.takes(t, append(slices.Clone(e.Undelivered["app"]), e.Dead["app"]...)...)
	for _, event := range e.Journals["plain"].Events {
		for _, target := range []*formsTarget{app, later} {
			if got, ok := target.took(event.ID); ok && got != event.Body {
				t.Errorf("%s is delivered as something else", event.ID)
			}
		}
	}
	s.stands("all is delivered", "plain", "app", func(d deliveryStatus) bool { return d.Undone+d.DeadLetters+d.Retrying == 0 })

	// What was stored is known.
	s.logged("what was stored is known", func(e logEntry) bool {
		return strings.HasPrefix(e.field("msg"), "what was stored before was read for dedupe")
	})
	for _, event := range e.Journals["plain"].Events {
		s.postPlain("{}", "Ce-Id: "+event.ID).want(t, http.StatusOK)
	}
	if out, _ := s.webhook(0, "find", "--count", s.path("plain")); strings.TrimSpace(out) != fmt.Sprint(len(e.Journals["plain"].Events)) {
		t.Errorf("%s events are stored, as some are not known", out)
	}

	// Secrets and keys in the storage count.
	s.sendAsana()
	s.sendPlaid(e.PlaidKey)

	// The inspector opens with its key, and shows what there is.
	answer := s.shownByInspector()
	for _, dir := range []string{"plain", "signed", "sealed", "learnt", "gzip", "zstd", "timed"} {
		for _, event := range e.Journals[dir].Events {
			if !strings.HasPrefix(event.ID, "aside") && !strings.Contains(answer, fmt.Sprintf("%q", event.ID)) {
				t.Errorf("the inspector does not show %s", event.ID)
			}
		}
	}
	if now, _ := os.ReadFile(s.path("data", "caddy", "webhook_receiver", "inspector.key")); string(now) != string(key) {
		t.Error("the inspector's key is another one")
	}

	// Rotation goes on behind the old names, and leaves those files alone.
	for _, name := range []string{"gzip", "zstd"} {
		for i := range 4 {
			s.postTo("/"+name, strings.Repeat(fmt.Sprint("new text ", i, "\n"), 50_000), "Content-Type: text/plain", fmt.Sprintf("Ce-Id: new%d", i)).wantStored(t)
		}
		wantAllCompressed(t, s.path(name))
		after := eventFiles(t, s.path(name))
		live := len(before[name]) - 1
		if len(after) <= len(before[name]) || !slices.Equal(before[name][:live], after[:live]) {
			t.Errorf("files are %q, were %q", after, before[name])
		}
		if out, _ := s.webhook(0, "find", "--count", s.path(name)); strings.TrimSpace(out) != fmt.Sprint(len(e.Journals[name].Events)+4) {
			t.Errorf("%s: %s events are stored", name, out)
		}
	}
	// The torn line stays one, by itself.
	s.postTo("/timed", `{}`, "Ce-Id: new").wantStored(t)
	if out, _ := s.webhook(0, "find", "--count", s.path("timed")); strings.TrimSpace(out) != fmt.Sprint(len(e.Journals["timed"].Events)+1) {
		t.Errorf("timed: %s events are stored", out)
	}
	s.postTo("/raw", `{"raw": "new"}`).wantStored(t)
}

// shownByInspector are all its answers about events.
func (s *server) shownByInspector() (all string) {
	s.t.Helper()
	cursor := ""
	for range 1000 {
		answer := s.askInspector("events", fmt.Sprintf(`{"limit":200,"cursor":%q}`, cursor))
		var list struct {
			Cursor   string
			Complete bool
		}
		if err := json.Unmarshal([]byte(answer), &list); err != nil {
			s.t.Fatal(err)
		}
		if all += answer; list.Complete {
			return all
		}
		cursor = list.Cursor
	}
	s.t.Fatal("the inspector's answers never end")
	return ""
}

// deliversFromOlderFiles: the cursor of a backup is newer than its files, which lack the last events, or the whole live
// file. What comes from then on is delivered, and nothing that is there is passed over: it comes again, as nobody knows any
// more what of it was delivered. Without the cursor only what comes from then on is delivered.
func deliversFromOlderFiles(t *testing.T, set string, e *expected) {
	for _, missing := range []string{"events", "file", "cursor"} {
		t.Run(missing, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			app, later := newFormsTarget(t), newFormsTarget(t)
			s.restore(set, nil)
			live := s.path("plain", "events.jsonl")
			whole := lines(t, live)
			left := whole[:len(whole)-len(e.Undelivered["app"])]
			var err error
			switch missing {
			case "events":
				err = os.WriteFile(live, []byte(strings.Join(left, "\n")+"\n"), 0o600)
			case "file":
				left, err = nil, os.Remove(live)
			case "cursor":
				err = os.Remove(live + ".plain.app.cursor")
			}
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			if missing != "cursor" {
				for _, event := range e.Journals["plain"].Events[:len(e.Journals["plain"].Events)-len(whole)+len(left)] {
					want = append(want, event.ID)
				}
			}
			s.env = append(s.env, "APP="+app.address(), "LATER="+later.address())
			s.configure(formsConfig(t, set, "Caddyfile"))
			s.start()
			s.postPlain(`{"after":true}`, "Ce-Id: after").wantStored(t)
			app.takes(t, append(want, "after")...)
			if missing != "cursor" && len(s.entries(ours("error"))) == 0 {
				t.Error("no error says that events are missing")
			}
		})
	}
}

// wantNames: nobody who reads answers or metrics misses anything that the same run had then.
func wantNames(t *testing.T, set, made string) {
	for name := range formsAnswers {
		kept, err := os.ReadFile(filepath.Join(set, "admin", name+".names"))
		if err != nil {
			t.Fatal(err)
		}
		now := lines(t, filepath.Join(made, "admin", name+".names"))
		for _, was := range linesIn(string(kept)) {
			if !slices.Contains(now, was) {
				t.Errorf("%s: %q is not there any more", name, was)
			}
		}
	}
}

// nowFetched has the fetched keys be of today: they are used for a week.
func (s *server) nowFetched() {
	s.t.Helper()
	dir := s.path("data", "caddy", "webhook_receiver", "keys", "plaid")
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		content, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		_, fresh := formsKey{}.record()
		today := regexp.MustCompile(`"fetched":"[^"]*"`)
		text := today.ReplaceAllString(string(content), today.FindString(fresh))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// readsOldForms reads a set that is of files only: what the first versions wrote.
func readsOldForms(t *testing.T, set string, e *expected) {
	s := newServer(t)
	target := newFormsTarget(t)
	s.restore(set, map[string]string{formsReplay: target.address()})
	for dir, j := range e.Journals {
		s.reads(dir, j)
	}
	var want []string
	for _, state := range []string{"replay.state", "first.state"} {
		s.webhook(0, "replay", s.path("plain", "events.jsonl"), "--to", target.URL, "--state", s.path(state))
		for _, event := range e.Journals["plain"].Events[e.Replayed:] {
			want = append(want, event.ID)
		}
		if !slices.Equal(target.came(), want) {
			t.Errorf("%s: replayed %q, want %q", state, target.came(), want)
		}
	}
}
