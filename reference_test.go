package webhookreceiver

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/deliver"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/inspector"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/rules"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
)

// reference is docs/reference.md, as far as it is about options.
type reference struct {
	overview map[string][]string // names of options in the overview, by their blocks
	entries  map[string]string   // what stands under a heading, by the heading
}

// optionBlocks are the blocks of options, by what they are called in the reference, with
// what an option is set in.
var optionBlocks = map[string]struct {
	table  options.Table
	config any
}{
	"webhook_receiver":  {new(Handler).options(), Handler{}},
	"output file":       {file.Options(), file.Output{}},
	"deliver":           {deliver.Options(), deliver.Delivery{}},
	"verification":      {verificationOptions(new(rules.Verification)), rules.Verification{}},
	"signature":         {signatureOptions(new(rules.Signature)), rules.Signature{}},
	"event":             {eventOptions(new(rules.EventRules)), rules.EventRules{}},
	"webhook_inspector": {inspector.Options(), inspector.Handler{}},
}

// headingOf is the heading of an option's entry, so that a link to it is one to no other.
func headingOf(block, option string) string {
	if block == "webhook_receiver" {
		return option
	}
	return block + ": " + option
}

func readReference(t *testing.T) reference {
	t.Helper()
	r := reference{overview: map[string][]string{}, entries: map[string]string{}}
	heading, fenced, before := "", 0, "" // before is the name of the last option
	var blocks []string                  // that are open in the overview
	for _, line := range strings.Split(read(t, "docs/reference.md"), "\n") {
		switch level := strings.IndexFunc(line, func(c rune) bool { return c != '#' }); {
		case strings.HasPrefix(line, "```"):
			fenced++
		case fenced%2 == 0 && level > 0 && line[level] == ' ':
			if heading = line[level+1:]; r.entries[heading] != "" {
				t.Errorf("there are two headings %q, so that a link to one goes to the other", heading)
			}
			r.entries[heading] = "\n"
		case fenced != 1 || heading != "Syntax":
			r.entries[heading] += line + "\n"
		case strings.TrimSpace(line) == "":
		case strings.TrimSpace(line) == "}":
			blocks = blocks[:len(blocks)-1]
		default:
			syntax, _, _ := strings.Cut(line, "  # ")
			words := strings.Fields(syntax)
			if name := words[0]; len(blocks) > 0 {
				last := blocks[len(blocks)-1]
				if !slices.Contains(r.overview[last], name) {
					r.overview[last] = append(r.overview[last], name)
				}
			}
			if before = words[0]; words[len(words)-1] == "{" {
				if before == "output" {
					before += " " + words[1]
				}
				blocks = append(blocks, before)
			}
		}
	}
	if len(blocks) > 0 {
		t.Errorf("the overview has blocks that are not closed: %v", blocks)
	}
	return r
}

// jsonNames are the names that a config has in JSON.
func jsonNames(config any) (names []string) {
	of := reflect.TypeOf(config)
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// TestReferenceHasEveryOption looks for every option that a Caddyfile can have in
// docs/reference.md: in the overview, and as an entry of its own; and there for none that
// is not.
func TestReferenceHasEveryOption(t *testing.T) {
	r := readReference(t)
	var headings []string
	for block, of := range optionBlocks {
		names := of.table.Names()
		overview := r.overview[block]
		slices.Sort(overview)
		if !slices.Equal(overview, names) {
			t.Errorf("%s: the overview has %v, want %v", block, overview, names)
		}
		for _, name := range names {
			heading := headingOf(block, name)
			headings = append(headings, heading)
			entry, ok := r.entries[heading]
			if !ok {
				t.Errorf("%s: %s has no entry: there is no heading %q", block, name, heading)
				continue
			}
			checkEntry(t, heading, name, entry, jsonNames(of.config))
		}
	}
	for _, name := range []string{"file", "log"} {
		if heading := "output " + name; r.entries[heading] == "" {
			t.Errorf("there is no heading %q", heading)
		}
	}
	for heading := range r.entries {
		block, _, isOption := strings.Cut(heading, ": ")
		if _, known := optionBlocks[block]; isOption && known && !slices.Contains(headings, heading) {
			t.Errorf("there is no option %s", heading)
		}
	}
	if len(r.overview) != len(optionBlocks) {
		t.Errorf("the overview has %v", r.overview)
	}
}

// checkEntry looks whether an entry has what every one has, in the same order.
func checkEntry(t *testing.T, heading, name, entry string, jsonNames []string) {
	t.Helper()
	shape := regexp.MustCompile(`(?s)^\n\n[A-Z` + "`" + `].*?\n\n- Syntax: ` + "`" + regexp.QuoteMeta(name) + `[ ` + "`" + `].*\n` +
		`- Value:[ \n].*\n- Default: .*\n- JSON: ` + "`" + `([a-z_.\[\]]+)` + "`" + `.*\n- Errors:[ \n].*\n`)
	found := shape.FindStringSubmatch(entry)
	if found == nil {
		t.Errorf("%s: not a sentence, and then Syntax, Value, Default, JSON and Errors:%s", heading, entry)
		return
	}
	if jsonName := found[1][strings.LastIndexByte(found[1], '.')+1:]; !slices.Contains(jsonNames, jsonName) {
		t.Errorf("%s: there is no %s in JSON", heading, found[1])
	}
}

// TestReferenceHasEveryAttribute looks for every attribute that the receiver sets in
// docs/reference.md.
func TestReferenceHasEveryAttribute(t *testing.T) {
	stored := readReference(t).entries["What is stored"]
	for _, name := range append([]string{event.HTTPHeaders, event.Verification, event.SigningKey, event.Receiver, "traceparent"}, event.ReservedAttributes...) {
		if name != "dataschema" && !strings.Contains(stored, "\n| `"+name+"` |") { // which is nobody's
			t.Errorf("there is no attribute %s", name)
		}
	}
	for _, value := range []string{event.VerifiedSignature, event.VerifiedPartial, event.VerifiedService, event.VerifiedToken} {
		if !strings.Contains(stored, "\n| `"+value+"` |") {
			t.Errorf("there is no value %s of verification", value)
		}
	}
}
