package webhookreceiver

import (
	"encoding/json"
	"go/ast"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// page is a module's page on caddyserver.com, which is made from the comments of its type
// and of the type's fields.
type page struct {
	t     *testing.T
	seen  map[string]bool
	lines []string
}

const ownModule = "github.com/caddy-webhook-receiver/caddy-webhook-receiver/"

var (
	codeInText   = regexp.MustCompile("`[^`]*`")
	moduleTag    = regexp.MustCompile(`^namespace=[a-z_.]+ inline_key=[a-z]+$`)
	saysDefault  = regexp.MustCompile(`Default( for [^:]+)?: |Required\b`)
	asDuration   = regexp.MustCompile("`(\\d+(ms|s|m|h|d) ?)+`")
	beginsAsText = regexp.MustCompile("^([A-Z]|`)")
)

// TestModulePages looks at what the documentation of each module says of its fields, and,
// with -v, prints it.
func TestModulePages(t *testing.T) {
	fields := 0
	for _, module := range []struct{ id, dir, name string }{
		{"http.handlers.webhook_receiver", ".", "Handler"},
		{"http.handlers.webhook_inspector", "inspector", "Handler"},
		{"http.webhook_receiver.outputs.file", "outputs/file", "Output"},
		{"http.webhook_receiver.outputs.log", "outputs/log", "Output"},
		{"http.webhook_receiver.outputs.nats", "nats", "Output"},
		{"http.webhook_receiver.outputs.kafka", "kafka", "Output"},
	} {
		p := &page{t: t, seen: map[string]bool{}, lines: []string{"# " + module.id}}
		p.example(module.id, p.add(module.dir, module.name, ""))
		t.Log(strings.Join(p.lines, "\n\n"))
		fields += len(p.lines)
	}
	if fields < 100 {
		t.Errorf("only %d comments", fields)
	}
}

// example checks the JSON in a module's comment, whose options must be on the page.
func (p *page) example(id, doc string) {
	p.t.Helper()
	var example string
	for _, line := range strings.Split(doc, "\n") {
		if strings.HasPrefix(line, "\t") {
			example += line
		}
	}
	var config map[string]json.RawMessage
	if err := json.Unmarshal([]byte(example), &config); err != nil {
		p.t.Errorf("%s: the example in its comment: %v: %s", id, err, example)
	}
	for option, value := range config {
		if option == "handler" || option == "output" {
			if string(value) != strconv.Quote(id[strings.LastIndex(id, ".")+1:]) {
				p.t.Errorf("the example of %s is for %s", id, value)
			}
		} else if !slices.Contains(p.lines, "## "+option) {
			p.t.Errorf("%s: the example has %s, which is no option", id, option)
		}
	}
}

// add adds a type's comment, which it returns, and its fields, which are at a path.
func (p *page) add(dir, name, path string) (doc string) {
	p.t.Helper()
	if p.seen[dir+"."+name] {
		return ""
	}
	p.seen[dir+"."+name] = true
	for _, file := range source(p.t, dir) {
		for _, declaration := range file.Decls {
			d, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range d.Specs {
				s, ok := spec.(*ast.TypeSpec)
				if !ok || s.Name.Name != name {
					continue
				}
				fields, ok := s.Type.(*ast.StructType)
				if !ok {
					continue // a text with rules of its own
				}
				doc = d.Doc.Text()
				p.text(dir+"."+name, doc)
				p.lines = append(p.lines, doc)
				for _, field := range fields.Fields.List {
					p.field(dir, path, file, field)
				}
			}
		}
	}
	return doc
}

func (p *page) field(dir, path string, file *ast.File, field *ast.Field) {
	p.t.Helper()
	if field.Tag == nil {
		return
	}
	text, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		p.t.Fatal(err)
	}
	tag := reflect.StructTag(text)
	option, _, _ := strings.Cut(tag.Get("json"), ",")
	if option == "-" || option == "" {
		return
	}
	option = path + option
	doc := field.Doc.Text()
	p.lines = append(p.lines, "## "+option, doc)
	p.text(option, doc)

	pkg, name := typeName(field.Type)
	doc = strings.Join(strings.Fields(doc), " ")
	switch {
	case !saysDefault.MatchString(doc):
		p.t.Errorf("%s: what happens without it? It is no Required, and has no Default: %s", option, doc)
	case name == "Duration" && !asDuration.MatchString(doc):
		p.t.Errorf("%s: nobody knows how to write a duration: %s", option, doc)
	case strings.HasSuffix(option, "size") && !strings.Contains(doc, "bytes"):
		p.t.Errorf("%s: what is it counted in? %s", option, doc)
	case name == "RawMessage" && !moduleTag.MatchString(tag.Get("caddy")):
		p.t.Errorf("%s: which modules? caddy:%q", option, tag.Get("caddy"))
	}
	if pkg == "" {
		p.add(dir, name, option+"/")
		return
	}
	for _, i := range file.Imports {
		from, _ := strconv.Unquote(i.Path.Value)
		if inside, ok := strings.CutPrefix(from, ownModule); ok && filepath.Base(from) == pkg {
			p.add(inside, name, option+"/")
		}
	}
}

// text checks what is a page's text, in Markdown: what looks like a tag would be gone.
func (p *page) text(of, doc string) {
	p.t.Helper()
	var text []string
	for _, line := range strings.Split(doc, "\n") {
		if !strings.HasPrefix(line, "\t") {
			text = append(text, line)
		}
	}
	prose := strings.TrimSpace(codeInText.ReplaceAllString(strings.Join(text, "\n"), "`code`"))
	switch {
	case !beginsAsText.MatchString(prose):
		p.t.Errorf("%s: does not begin as a sentence: %q", of, prose)
	case !strings.HasSuffix(prose, ".") && !strings.HasSuffix(prose, ":") && !strings.Contains(prose, "|"):
		p.t.Errorf("%s: does not end as a sentence: %q", of, prose)
	case strings.ContainsAny(prose, "<>{}"):
		p.t.Errorf("%s: < and { are for code: %q", of, prose)
	}
}

// typeName is what a type, of any number of pointers, slices and maps, is called, and the
// package that has it, unless it is the same.
func typeName(e ast.Expr) (pkg, name string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return typeName(e.Elt)
	case *ast.MapType:
		return typeName(e.Value)
	case *ast.SelectorExpr:
		pkg, _ := e.X.(*ast.Ident)
		return pkg.Name, e.Sel.Name
	case *ast.Ident:
		return "", e.Name
	}
	return "", ""
}
