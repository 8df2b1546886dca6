package webhookreceiver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/inspector"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/metrics"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/file"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/outputs/log"
)

// source is the files of a directory's package, except its tests.
func source(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// TestGodoc looks for a comment on every package and every exported identifier,
// in all modules. Those of fields are the module's page on caddyserver.com.
func TestGodoc(t *testing.T) {
	var dirs []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (strings.HasPrefix(path, ".git") || entry.Name() == "testdata" || path == "build") {
			return fs.SkipDir
		}
		if err == nil && filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") && !slices.Contains(dirs, filepath.Dir(path)) {
			dirs = append(dirs, filepath.Dir(path))
		}
		return err
	})
	if err != nil || len(dirs) < 4 {
		t.Fatalf("packages in %v; %v", dirs, err)
	}
	for _, dir := range dirs {
		packageComment := false
		for _, file := range source(t, dir) {
			packageComment = packageComment || file.Doc.Text() != ""
			for _, name := range undocumented(file) {
				if strings.Contains(name, ".") && strings.Contains(dir, "internal") {
					continue // fields and methods that only this module sees may be plain
				}
				t.Errorf("%s: %s has no comment", dir, name)
			}
		}
		if !packageComment {
			t.Errorf("%s: the package has no comment", dir)
		}
	}
}

// undocumented are a file's exported identifiers without a comment. Methods of
// Caddy's interfaces need none: their names are their documentation.
func undocumented(file *ast.File) (names []string) {
	conventional := []string{
		"CaddyModule", "Provision", "Validate", "Cleanup", "ServeHTTP", "UnmarshalCaddyfile", "UnmarshalJSON", "MarshalJSON",
		"Error", "Unwrap", "String", "Destruct", "Len", "Less", "Swap",
	}
	note := func(exported bool, name string, comments ...*ast.CommentGroup) {
		if !exported || slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c.Text() != "" }) {
			return
		}
		names = append(names, name)
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				note(d.Name.IsExported(), d.Name.Name, d.Doc)
			} else if !slices.Contains(conventional, d.Name.Name) {
				receiver := strings.TrimLeft(exprName(d.Recv.List[0].Type), "*")
				note(d.Name.IsExported() && ast.IsExported(receiver), receiver+"."+d.Name.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range s.Names {
						note(name.IsExported(), name.Name, d.Doc, s.Doc, s.Comment)
					}
				case *ast.TypeSpec:
					note(s.Name.IsExported(), s.Name.Name, d.Doc, s.Doc)
					if s.Name.IsExported() {
						fields(s.Type, func(name *ast.Ident, f *ast.Field) {
							note(name.IsExported(), s.Name.Name+"."+name.Name, f.Doc, f.Comment)
						})
					}
				}
			}
		}
	}
	return names
}

// fields calls f for the named fields of a struct, or methods of an interface.
// Fields that share a line share its comment.
func fields(of ast.Expr, f func(*ast.Ident, *ast.Field)) {
	var list *ast.FieldList
	switch of := of.(type) {
	case *ast.StructType:
		list = of.Fields
	case *ast.InterfaceType:
		list = of.Methods
	default:
		return
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			f(name, field)
		}
	}
}

func exprName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return exprName(e.X)
	case *ast.IndexExpr:
		return exprName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// TestConfigFieldsHaveNames checks that what JSON can set has a name of its own
// there, and that everything else can't be set.
func TestConfigFieldsHaveNames(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var check func(reflect.Type)
	check = func(config reflect.Type) {
		for config.Kind() == reflect.Pointer || config.Kind() == reflect.Slice || config.Kind() == reflect.Map {
			config = config.Elem()
		}
		if config.Kind() != reflect.Struct || seen[config] || !strings.Contains(config.PkgPath(), "caddy-webhook-receiver") {
			return
		}
		seen[config] = true
		for i := range config.NumField() {
			field := config.Field(i)
			if !field.IsExported() || field.Tag.Get("json") == "-" {
				continue
			}
			if !regexp.MustCompile(`^[a-z0-9_]+,omitempty$`).MatchString(field.Tag.Get("json")) {
				t.Errorf("%v.%s: json:%q", config, field.Name, field.Tag.Get("json"))
			}
			check(field.Type)
		}
	}
	for _, config := range []any{Handler{}, file.Output{}, log.Output{}, inspector.Handler{}} {
		check(reflect.TypeOf(config))
	}
	if len(seen) < 5 {
		t.Errorf("only %v", seen)
	}
}

// TestMetricsAreDocumented looks for every metric in docs/metrics.md, and for
// everything there that looks like one.
func TestMetricsAreDocumented(t *testing.T) {
	document := read(t, "docs/metrics.md")
	registry := prometheus.NewPedanticRegistry()
	if err := metrics.Register(registry); err != nil {
		t.Fatal(err)
	}
	descriptions := make(chan *prometheus.Desc, 100)
	registry.Describe(descriptions)
	close(descriptions)
	var names []string
	for description := range descriptions {
		name := regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(description.String())[1]
		labels := regexp.MustCompile(`variableLabels: \{([^}]*)\}`).FindStringSubmatch(description.String())[1]
		if labels != "" {
			labels = "{" + labels + "}"
		}
		names = append(names, name)
		if !strings.Contains(document, "| `"+name+labels+"` |") {
			t.Errorf("docs/metrics.md does not have %s%s", name, labels)
		}
	}
	for _, metric := range regexp.MustCompile("`(caddy_webhook_receiver_[a-z_]+)").FindAllStringSubmatch(document, -1) {
		if !slices.Contains(names, metric[1]) {
			t.Errorf("docs/metrics.md has %s, which is none", metric[1])
		}
	}
}

// TestAlertsAreDocumented looks for every alert in docs/metrics.md, with its severity,
// and for everything there that looks like one.
func TestAlertsAreDocumented(t *testing.T) {
	document := read(t, "docs/metrics.md")
	alerts := regexp.MustCompile(`(?s)- alert: (\w+)\n.*?severity: (\w+)`).FindAllStringSubmatch(read(t, "deploy/prometheus/alerts.yml"), -1)
	if len(alerts) < 10 {
		t.Fatalf("only %d alerts", len(alerts))
	}
	var names []string
	for _, alert := range alerts {
		names = append(names, alert[1])
		if row := "| `" + alert[1] + "` | " + alert[2] + " |"; !strings.Contains(document, row) {
			t.Errorf("docs/metrics.md does not have %q", row)
		}
	}
	for _, alert := range regexp.MustCompile("(?m)^\\| `(Webhook\\w+)`").FindAllStringSubmatch(document, -1) {
		if !slices.Contains(names, alert[1]) {
			t.Errorf("docs/metrics.md has %s, which is no alert", alert[1])
		}
	}
}

// TestLogLinesAreDocumented looks for every message that the receiver logs in
// docs/metrics.md.
func TestLogLinesAreDocumented(t *testing.T) {
	document := read(t, "docs/metrics.md")
	messages := 0
	var files []*ast.File
	for _, pattern := range []string{".", "deliver", "deliver/*", "inspector", "internal/*", "outputs/*"} {
		dirs, _ := filepath.Glob(pattern)
		for _, dir := range dirs {
			files = append(files, source(t, dir)...)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method.Sel.Name) {
				return true
			}
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			message, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			messages++
			if !strings.Contains(document, "`"+message+"`") {
				t.Errorf("docs/metrics.md does not have %q", message)
			}
			return true
		})
	}
	if messages < 15 {
		t.Errorf("only %d messages", messages)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
