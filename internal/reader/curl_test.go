package reader

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// sent is a request as it came over the wire.
type sent struct {
	line   string
	header []string // in the order of their text, without Host and Content-Length
	body   []byte
}

// wire is a server that notes what it gets, byte for byte.
func wire(t *testing.T) (host string, got chan sent) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	got = make(chan sent, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s, err := readSent(conn)
			if err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			_ = conn.Close()
			got <- s
		}
	}()
	return listener.Addr().String(), got
}

func readSent(conn io.Reader) (s sent, err error) {
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	s.line = strings.TrimSuffix(line, "\r\n")
	size := 0
	for err == nil {
		if line, err = r.ReadString('\n'); line == "\r\n" {
			break
		}
		line = strings.TrimSuffix(line, "\r\n")
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "Host":
		case "Content-Length":
			if size, err = strconv.Atoi(value); err != nil {
				return s, err
			}
		default:
			s.header = append(s.header, line)
		}
	}
	if err != nil {
		return s, err
	}
	slices.Sort(s.header)
	s.body = make([]byte, size)
	_, err = io.ReadFull(r, s.body)
	return s, err
}

// run has a shell run a command as it is.
func run(t *testing.T, command string) {
	t.Helper()
	sh := exec.Command("sh")
	sh.Dir = t.TempDir()
	sh.Stdin = strings.NewReader(strings.Replace(command, "curl --globoff", "curl -sS --disable --globoff", 1))
	if answer, err := sh.CombinedOutput(); err != nil || len(answer) > 0 {
		t.Fatalf("%s (%v)", answer, err)
	}
}

// TestCurlBodies: whatever the body is, it is sent byte for byte.
func TestCurlBodies(t *testing.T) {
	host, got := wire(t)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for name, body := range map[string]string{
		"nothing": "", "a file": "@/etc/passwd", "standard input": "@-", "a form": "a=b&c=%20", "an option": "--help", "blank": " \n\t ", "line feeds": "\n\na\n\n", "CR": "a\r\nb\r", "NUL": "\x00a\x00",
		"quotes": `'a' "b" '\'' \' ''`, "backslashes": `\ \\ \n \x41 \`, "substitutions": "$(touch x) `touch x` $HOME ${HOME} !! !x", "globs": "* ? [a-z] {a,b} ~", "operators": "; touch x & | > x < x # x",
		"no UTF-8": "\xff\xfe\xc3(", "a BOM": "\ufeff{}", "terminal": "\x1b[31m\u009b31m\u202e", "everything": string(all), "every byte twice": string(all) + string(all), "percent": "%s %d %% %",
		"as long as an argument": strings.Repeat("'", maxArgument), "longer": strings.Repeat("'x' ", maxArgument/4+1), "much longer": strings.Repeat("\x00'é\n", 700_000), "a heredoc": "EOF\n'EOF'\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := &Request{URL: &url.URL{Scheme: "http", Host: host, Path: "/x"}, Method: "POST", Target: "/x", Header: http.Header{"Content-Type": {"text/plain"}}, Known: true, Body: []byte(body)}
			command, left := r.Curl()
			run(t, command)
			if s := <-got; s.line != "POST /x HTTP/1.1" || string(s.body) != body || !slices.Equal(s.header, []string{"Content-Type: text/plain"}) || len(left) != 0 {
				t.Errorf("%s %q, %d bytes of body %.100q, of %.200q", s.line, s.header, len(s.body), s.body, command)
			}
			checkPlain(t, command)
		})
	}
}

// checkPlain fails where a command would do something to a terminal.
func checkPlain(t *testing.T, command string) {
	t.Helper()
	if i := strings.IndexFunc(command, func(r rune) bool {
		return !unicode.IsPrint(r) && r != '\n' && r != '\t' || r == unicode.ReplacementChar
	}); i >= 0 {
		t.Errorf("there is %.20q in %.200q", command[i:], command)
	}
}

// TestCurlTargets: curl changes nothing in it.
func TestCurlTargets(t *testing.T) {
	host, got := wire(t)
	for target, want := range map[string]string{
		"/": "", "//x": "", "/a/../b/./c": "", "/..": "", "/a'b": "", `/a"b\c`: "", "/a<b>^{c,d}[1-3]|`e`": "", "/$(touch${IFS}x)$HOME": "", "/%zz%2F%41": "", "/a;b,c:@&=+*!~": "",
		"/x?": "/x", "/x?a=[1-3]&{b}&'c'": "", "/x?a?b": "", "/x?a=/../b": "", "/a#b": "/a%23b", "/x?a#b": "/x?a%23b", "/a b?c d": "/a%20b?c%20d", "/x?a=REDACTED&b=1&REDACTED": "/x?b=1",
	} {
		path, _, _ := strings.Cut(target, "?")
		decoded, err := url.PathUnescape(path)
		if err != nil {
			decoded = path
		}
		r := &Request{URL: &url.URL{Scheme: "http", Host: host, Path: decoded}, Method: "POST", Target: target, Header: http.Header{}, Body: []byte("x")}
		command, _ := r.Curl()
		run(t, command)
		if want == "" {
			want = target
		}
		if s := <-got; s.line != "POST "+want+" HTTP/1.1" {
			t.Errorf("%q, want %s: %s", s.line, want, command)
		}
		checkPlain(t, command)
	}
}

// TestCurlMethods: whatever it is, it has the body.
func TestCurlMethods(t *testing.T) {
	host, got := wire(t)
	for _, method := range []string{"PUT", "GET", "post", "A!#$%&'*+-.^_`|~Z"} {
		for _, body := range []string{"x", "\x00"} {
			r := &Request{URL: &url.URL{Scheme: "http", Host: host, Path: "/"}, Method: method, Target: "/", Header: http.Header{}, Body: []byte(body)}
			command, _ := r.Curl()
			run(t, command)
			if s := <-got; s.line != method+" / HTTP/1.1" || string(s.body) != body {
				t.Errorf("%q with %q: %s", s.line, s.body, command)
			}
		}
	}
}

// TestCurlHeaders: those that were stored are sent, and no others.
func TestCurlHeaders(t *testing.T) {
	host, got := wire(t)
	for name, test := range map[string]struct {
		header http.Header
		known  bool
		want   []string // nil: as in header
	}{
		"none":              {http.Header{}, true, []string{}},
		"not stored":        {http.Header{"Content-Type": {"a/b"}}, false, []string{"Accept: */*", "Content-Type: a/b", "User-Agent: curl"}},
		"curl's own":        {http.Header{"Accept": {"x"}, "User-Agent": {"y"}, "Content-Type": {"z"}}, true, nil},
		"empty":             {http.Header{"Accept": {""}, "User-Agent": {""}, "Content-Type": {""}, "X-Empty": {""}}, true, []string{"Accept:", "Content-Type:", "User-Agent:", "X-Empty:"}},
		"several":           {http.Header{"X-Two": {"b", "a", "", "b"}}, true, []string{"X-Two:", "X-Two: a", "X-Two: b", "X-Two: b"}},
		"quotes":            {http.Header{"X-It's": {`'a' "b" '\'' \`}}, true, nil},
		"substitutions":     {http.Header{"X-A": {"$(touch x) `touch x` $HOME !!"}, "X-`touch": {"x"}, "X-$home": {"x"}}, true, nil},
		"looks like a file": {http.Header{"X-A": {"@/etc/passwd"}}, true, nil},
		"ends in semicolon": {http.Header{"X-A": {"b;"}, "X-B": {";"}, "X-C": {":"}}, true, nil},
		"within":            {http.Header{"X-A": {"a\tb  c: d"}}, true, nil},
		"no UTF-8":          {http.Header{"X-A": {"\xff%s'\"\\\xfe"}}, true, nil},
		"UTF-8":             {http.Header{"X-A": {"é€𝄞"}}, true, nil},
		"terminal":          {http.Header{"X-A": {"\u009b31m\u202ea"}}, true, nil},
		"percent":           {http.Header{"X-A": {"%s%d%%\xff\\n"}}, true, nil},
		"long":              {http.Header{"X-A": {strings.Repeat("'", 50_000)}}, true, nil},
		"of a connection":   {http.Header{"Connection": {"X-Hop, close"}, "X-Hop": {"1"}, "Host": {"evil"}, "Content-Length": {"9"}, "Transfer-Encoding": {"chunked"}, "Expect": {"100-continue"}}, true, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Request{URL: &url.URL{Scheme: "http", Host: host, Path: "/"}, Method: "POST", Target: "/", Header: test.header, Known: test.known, Body: []byte("x")}
			command, _ := r.Curl()
			run(t, command)
			want := test.want
			if want == nil {
				for name, values := range test.header {
					for _, value := range values {
						want = append(want, name+": "+value)
					}
				}
				slices.Sort(want)
			}
			s := <-got
			for i, line := range s.header {
				if !test.known && strings.HasPrefix(line, "User-Agent: curl/") {
					s.header[i] = "User-Agent: curl"
				}
			}
			if !slices.Equal(s.header, want) || !bytes.Equal(s.body, r.Body) {
				t.Errorf("%.300q, want %.300q: %.300s", s.header, want, command)
			}
			checkPlain(t, command)
		})
	}
}

// TestCurlLeavesSecretsOut, and says which.
func TestCurlLeavesSecretsOut(t *testing.T) {
	r := &Request{
		URL: &url.URL{Scheme: "https", Host: "h", Path: "/"}, Method: "POST", Target: "/", Known: true,
		Header: http.Header{"Cookie": {Redacted}, "Authorization": {Redacted}, "X-A": {"a"}},
	}
	command, left := r.Curl()
	if !slices.Equal(left, []string{"Authorization", "Cookie"}) || strings.Contains(command, Redacted) || strings.Contains(command, "Cookie") || !strings.Contains(command, "-H 'X-A: a'") {
		t.Errorf("%s, left out %q", command, left)
	}
}
