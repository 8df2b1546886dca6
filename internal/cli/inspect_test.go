package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/inspectorkey"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// withInspectors returns the address of a Caddy with inspectors at the sites, and their key.
func withInspectors(t *testing.T, sites ...string) (address, key string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"XDG_DATA_HOME", "HOME", "AppData"} {
		t.Setenv(name, dir)
	}
	answer, err := json.Marshal(status.Report{Inspectors: sites})
	if err != nil {
		t.Fatal(err)
	}
	if key, err = inspectorkey.Get(); err != nil {
		t.Fatal(err)
	}
	return caddyLike(t, map[string]string{"/webhook_receiver/status": string(answer)}), key
}

// TestInspect prints the address of each page, with the key.
func TestInspect(t *testing.T) {
	const unknown, plain, exact = "only the config's author knows", "over plain HTTP the key is taken at localhost only", "let the inspector's matcher end in *"
	for name, test := range map[string]struct {
		sites       []string
		want, notes string // KEY stands for the key
	}{
		"one":               {[]string{"https://hooks.example.com/inspect*"}, "https://hooks.example.com/inspect/#key=KEY\n", ""},
		"with a slash":      {[]string{"https://hooks.example.com/inspect/*"}, "https://hooks.example.com/inspect/#key=KEY\n", ""},
		"all of a site":     {[]string{"https://hooks.example.com/*"}, "https://hooks.example.com/#key=KEY\n", ""},
		"several":           {[]string{"https://a.example.com/*", "https://b.example.com:8443/x/y*"}, "https://a.example.com/#key=KEY\nhttps://b.example.com:8443/x/y/#key=KEY\n", ""},
		"one path":          {[]string{"https://a.example.com/inspect"}, "https://a.example.com/inspect/#key=KEY\n", exact},
		"two for one":       {[]string{"https://a.example.com/inspect", "https://a.example.com/inspect/*"}, "https://a.example.com/inspect/#key=KEY\n", ""},
		"the same twice":    {[]string{"https://a.example.com/inspect*", "https://a.example.com/inspect/*"}, "https://a.example.com/inspect/#key=KEY\n", ""},
		"any host":          {[]string{"http://:8080/inspect*"}, "http://localhost:8080/inspect/#key=KEY\n", ""},
		"any host of HTTPS": {[]string{"https:///inspect*"}, "https://localhost/inspect/#key=KEY\n", ""},
		"unspecified":       {[]string{"http://0.0.0.0:8080/*"}, "http://localhost:8080/#key=KEY\n", ""},
		"unspecified IPv6":  {[]string{"http://[::]:8080/*"}, "http://localhost:8080/#key=KEY\n", ""},
		"loopback":          {[]string{"http://127.0.0.2:80/*"}, "http://127.0.0.2:80/#key=KEY\n", ""},
		"loopback IPv6":     {[]string{"http://[::1]:80/*"}, "http://[::1]:80/#key=KEY\n", ""},
		"IPv6":              {[]string{"https://[2001:db8::1]:8443/*"}, "https://[2001:db8::1]:8443/#key=KEY\n", ""},
		"localhost":         {[]string{"http://inspect.localhost/*"}, "http://inspect.localhost/#key=KEY\n", ""},
		"plain":             {[]string{"http://hooks.example.com/inspect*"}, "http://hooks.example.com/inspect/#key=KEY\n", plain},
		"plain IPv6":        {[]string{"http://[2001:db8::1]/*"}, "http://[2001:db8::1]/#key=KEY\n", plain},
		"like localhost":    {[]string{"http://localhost.example.com/*"}, "http://localhost.example.com/#key=KEY\n", plain},
		"escaped":           {[]string{"https://a.example.com/a%2Fb%20c*"}, "https://a.example.com/a%2Fb%20c/#key=KEY\n", ""},
		"wildcard host":     {[]string{"https://*.example.com/inspect*"}, "https://*.example.com/inspect*  (which", unknown},
		"wildcard path":     {[]string{"https://example.com/*/inspect*"}, "add #key=KEY to its address)\n", unknown},
		"any ending":        {[]string{"https://example.com*.html"}, "https://example.com*.html  (", unknown},
		"glob":              {[]string{"https://example.com/a?b[c]*"}, "https://example.com/a?b[c]*  (", unknown},
		"class":             {[]string{"https://example.com/[ab]*"}, "https://example.com/[ab]*  (", unknown},
		"placeholder":       {[]string{"https://{env.HOST}/*"}, "https://{env.HOST}/*  (", unknown},
		"placeholder path":  {[]string{"https://example.com/{http.vars.x}*"}, "https://example.com/{http.vars.x}*  (", unknown},
		"socket":            {[]string{"unix//run/caddy.sock /inspect*"}, "unix//run/caddy.sock /inspect*  (", unknown},
		"one is known":      {[]string{"https://*.example.com/*", "https://example.com/*"}, "\nhttps://example.com/#key=KEY\n", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			address, key := withInspectors(t, test.sites...)
			out, notes, err := webhook("inspect", "--address", address)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(test.want, "KEY", key)
			if test.notes == unknown && !strings.Contains(out, want) || test.notes != unknown && out != want {
				t.Errorf("%q, want %q", out, want)
			}
			if said := out + notes; test.notes == "" && notes != "" || !strings.Contains(said, test.notes) {
				t.Errorf("it says %q, want %q", said, test.notes)
			}
		})
	}
}

// TestInspectIsSafe: what is in a config does nothing to the terminal.
func TestInspectIsSafe(t *testing.T) {
	const evil = "\x1b[31m\u202e\r\nevil"
	address, _ := withInspectors(t, "https://example.com/"+evil+"*", "https://"+evil+"/*", evil, "https://example.com/%1b[31m*", "http://ex\u202eample.com/*")
	out, notes, err := webhook("inspect", "--address", address)
	if err != nil || strings.ContainsAny(out+notes, "\x1b\u202e\r") || strings.Count(out, "\n") != 5 {
		t.Errorf("%v %q %q", err, out, notes)
	}
}

// TestInspectCannot say where: it says why.
func TestInspectCannot(t *testing.T) {
	address, _ := withInspectors(t)
	if _, _, err := webhook("inspect", "--address", address); err == nil || !strings.Contains(err.Error(), "no webhook_inspector in the config of the running Caddy: add one") {
		t.Errorf("none: %v", err)
	}
	address, _ = withInspectors(t, "https://example.com/*")
	if err := os.WriteFile(inspectorkey.Path(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, err := webhook("inspect", "--address", address); out != "" || err == nil || !strings.Contains(err.Error(), inspectorkey.Path()) {
		t.Errorf("no key: %q %v", out, err)
	}
	address = caddyLike(t, map[string]string{"/webhook_receiver/status": `{"inspectors":5}`})
	if _, _, err := webhook("inspect", "--address", address); err == nil || !strings.Contains(err.Error(), "is none") {
		t.Errorf("another answer: %v", err)
	}
}

// opens has the browser be a function for one test.
func opens(t *testing.T, browser func(path string) error) {
	t.Helper()
	oldBrowser, oldFor := openBrowser, openFor
	t.Cleanup(func() { openBrowser, openFor = oldBrowser, oldFor })
	openBrowser, openFor = browser, 20*time.Millisecond
}

// left returns the files that lead to a page.
func left(t *testing.T) (found []string) {
	t.Helper()
	for _, dir := range []string{os.Getenv("HOME"), os.TempDir()} {
		names, err := filepath.Glob(filepath.Join(dir, "caddy-webhook-inspect-*"))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, names...)
	}
	return found
}

// TestInspectOpen gives the browser a file that nobody else can read, which leads to the best
// page, and removes it.
func TestInspectOpen(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, test := range map[string]struct {
		sites []string
		want  string
	}{
		"one":        {[]string{"https://example.com/inspect*"}, "https://example.com/inspect/"},
		"the usable": {[]string{"http://example.com/*", "https://*.example.com/*", "https://example.com/*", "https://z.example.com/*"}, "https://example.com/"},
		"at least":   {[]string{"https://*.example.com/*", "http://example.com/*"}, "http://example.com/"},
		"escaped":    {[]string{`https://example.com/"><script>'&x*`}, "https://example.com/%22%3E%3Cscript%3E%27&amp;x/"},
	} {
		t.Run(name, func(t *testing.T) {
			address, key := withInspectors(t, test.sites...)
			var path, text string
			var mode os.FileMode
			opens(t, func(file string) error {
				b, err := os.ReadFile(file)
				if info, err := os.Stat(file); err == nil {
					mode = info.Mode()
				}
				path, text = file, string(b)
				return err
			})
			if _, _, err := webhook("inspect", "--address", address, "--open"); err != nil {
				t.Fatal(err)
			}
			if want := `content="0;url=` + test.want + "#key=" + key + `"`; !strings.Contains(text, want) || strings.Contains(text, "<script") {
				t.Errorf("the file has %s, want %s", text, want)
			}
			if strings.Contains(path, key) || runtime.GOOS != "windows" && mode != 0o600 || filepath.Ext(path) != ".html" {
				t.Errorf("the browser was given %s (%v)", path, mode)
			}
			if runtime.GOOS == "linux" && filepath.Dir(path) != os.Getenv("HOME") {
				t.Errorf("a confined browser can't read %s", path)
			}
			if files := left(t); len(files) != 0 {
				t.Errorf("there are %v", files)
			}
		})
	}
}

// TestInspectOpenCannot: the error says why, and no file is left.
func TestInspectOpenCannot(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	address, key := withInspectors(t, "https://*.example.com/*")
	opens(t, func(path string) error { return errors.New("there is none for " + path) })
	if out, _, err := webhook("inspect", "--address", address, "--open"); !strings.Contains(out, key) || err == nil || !strings.Contains(err.Error(), "does not tell the page's address") {
		t.Errorf("%s %v", out, err)
	}
	address, key = withInspectors(t, "https://example.com/*")
	out, _, err := webhook("inspect", "--address", address, "--open")
	if !strings.Contains(out, key) || err == nil || !strings.Contains(err.Error(), "the browser can't be opened: there is none for") || strings.Contains(err.Error(), key) {
		t.Errorf("%s %v", out, err)
	}
	if files := left(t); len(files) != 0 {
		t.Errorf("there are %v", files)
	}
}

// TestInspectOpenEnds once it is interrupted, also while the browser runs, and leaves no file; where there is
// no home directory, it is another one's.
func TestInspectOpenEnds(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	address, _ := withInspectors(t, "https://example.com/*")
	t.Setenv("HOME", filepath.Join(os.Getenv("HOME"), "none"))
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	closed := make(chan struct{})
	opens(t, func(path string) error {
		if _, err := os.Stat(path); err != nil || filepath.Dir(path) != filepath.Clean(os.TempDir()) {
			t.Errorf("%s: %v", path, err)
		}
		interrupt()
		<-closed
		return nil
	})
	defer close(closed)
	openFor = time.Hour
	var stdout, stderr buffer
	if err := runIn(ctx, &stdout, &stderr, "inspect", "--address", address, "--open"); err != nil {
		t.Error(err)
	}
	if files := left(t); len(files) != 0 {
		t.Errorf("there are %v", files)
	}
}

// TestOpenBrowser has the system open a file, and tells when it can't.
func TestOpenBrowser(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // the others have it built in
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if err := openBrowser("/x/y.html"); err == nil {
		t.Error("there is nothing to open it with")
	}
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\necho \"$# $1\" > "+dir+"/asked\nexit ${1#/x/}\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := openBrowser("/x/0"); err != nil {
		t.Error(err)
	}
	if asked, _ := os.ReadFile(filepath.Join(dir, "asked")); string(asked) != "1 /x/0\n" {
		t.Errorf("it was asked for %q", asked)
	}
	if err := openBrowser("/x/3"); err == nil {
		t.Error("it has failed")
	}
}
