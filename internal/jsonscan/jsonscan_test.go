package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

var texts = []string{
	``, ` `, `{}`, `[]`, ` { } `, "\t[\r\n]", `""`, `0`, `-0`, `-`, `01`, `1.`, `.5`, `1.00`, `1e400`, `1E+2`, `1e`, `1e-`, `-1.5e-10`,
	`true`, `false`, `null`, `nul`, `True`, `nullx`, `{"a":1}`, `{"a":1,}`, `{"a" : [1 , 2] , "b":{}}`, `{,}`, `[,]`, `[1,]`, `[1 2]`,
	`{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `[}`, `{]`, `[`, `{`, `]`, `{"a":[}`, `1 2`, `{} {}`, `"a`, `"\`, `"\"`, `"\x"`, `"\u12"`,
	`"\u12g4"`, `"\ud800"`, `"\ud83d\ude00"`, "\"\x01\"", "\"\n\"", "\"\x7f\"", "\"\u2028\"", "\"\xff\"", "\xff", "\xef\xbb\xbf{}",
	`{"a":1,"a":2}`, `["\\"]`, `["\\\""]`, `[[[[1]]]]`, `{"a":{"b":[true,null,"x"]}}`, "[1]\x00", "\x00", `{"é":"日本"}`, "\"\xed\xa0\x80\"",
}

func TestCheck(t *testing.T) {
	for _, text := range texts {
		err := Check([]byte(text), 100)
		if want := json.Valid([]byte(text)) && utf8.ValidString(text); (err == nil) != want {
			t.Errorf("Check(%q) = %v, want valid: %v", text, err, want)
		}
	}
	for _, text := range []string{"\"\xff\"", `{"` + "\xff" + `":1}`, "\"\xed\xa0\x80\""} {
		if err := Check([]byte(text), 100); !errors.Is(err, ErrNotUTF8) {
			t.Errorf("Check(%q) = %v, want ErrNotUTF8", text, err)
		}
	}
}

func TestCheckDepth(t *testing.T) {
	for _, c := range []struct{ open, inner, end string }{{"[", "1", "]"}, {`{"a":`, "1", "}"}, {"[", "", "]"}} {
		nested := func(n int) []byte {
			return []byte(strings.Repeat(c.open, n) + c.inner + strings.Repeat(c.end, n))
		}
		if err := Check(nested(9000), 9000); err != nil {
			t.Errorf("%s 9,000 deep: %v", c.open, err)
		}
		if err := Check(nested(9001), 9000); !errors.Is(err, ErrTooDeep) {
			t.Errorf("%s 9,001 deep: %v, want ErrTooDeep", c.open, err)
		}
	}
}

func TestGet(t *testing.T) {
	const text = ` {"a":1.00 , "b":{"c":"x,}]","d":[10,{"e":null},"z"]}, "a":1e400, "\u0066":true, "":"empty",
		"B":{}, "g":{"h":1},"g":{"i":2} }`
	var doc Doc
	if err := doc.Parse([]byte(text), 10); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"a":         "1e400",
		"A":         "",
		"b.c":       `"x,}]"`,
		"b.d":       `[10,{"e":null},"z"]`,
		"b.d.0":     "10",
		"b.d.1.e":   "null",
		"b.d.2":     `"z"`,
		"b.d.3":     "",
		"b.d.-1":    "",
		"b.d.x":     "",
		"b.d.1.e.x": "",
		"f":         "true",
		"B":         "{}",
		"B.x":       "",
		"g.h":       "",
		"g.i":       "2",
		"a.b":       "",
		"nope":      "",
	} {
		if got := string(Get([]byte(text), strings.Split(path, ".")...)); got != want {
			t.Errorf("Get(%q) = %q, want %q", path, got, want)
		}
		if got := string(doc.Get(path)); got != want {
			t.Errorf("Get(%q) of the Doc = %q, want %q", path, got, want)
		}
	}
	if got := string(Get([]byte(text), "")); got != `"empty"` {
		t.Errorf(`Get("") = %q`, got)
	}
	if got := string(Get([]byte(" [1 ] "))); got != "[1 ]" {
		t.Errorf("Get() = %q, want the whole value", got)
	}
}

// TestDocOfManyKeys looks for each key where there are as many as are noted, and
// more or less, the last of them repeated.
func TestDocOfManyKeys(t *testing.T) {
	for n := range indexed + 3 {
		text := " {"
		for i := range n {
			text += fmt.Sprintf(`"k%d":{"v":%d}, `, i, i)
		}
		text += `"k0":{"k1":"last"} } `
		var doc Doc
		if err := doc.Parse([]byte(text), 10); err != nil {
			t.Fatal(err)
		}
		for i := range n + 1 {
			key := fmt.Sprintf("k%d", i)
			got, want := string(doc.Get(key)), string(Get([]byte(text), key))
			if got != want || i > 0 && i < n && got != fmt.Sprintf(`{"v":%d}`, i) {
				t.Errorf("Get(%s) of %s = %q, want %q", key, text, got, want)
			}
		}
	}
	doc := Doc{}
	for _, text := range []string{`{"a":1}`, `[{"a":1}]`, `{}`} { // one Doc again and again
		if err := doc.Parse([]byte(text), 10); err != nil {
			t.Fatal(err)
		}
		if got, want := string(doc.Get("a")), string(Get([]byte(text), "a")); got != want {
			t.Errorf("Get of %s = %q, want %q", text, got, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for raw, want := range map[string]string{
		`""`:                         "",
		`"a/\/\"\\\b\f\n\r\tz"`:      "a//\"\\\b\f\n\r\tz",
		`"\u00e9\u2028\ud83d\ude00"`: "é\u2028😀",
		`"日\u65e5"`:                  "日日",
	} {
		if got, ok := Unquote([]byte(raw)); !ok || got != want {
			t.Errorf("Unquote(%s) = %q, %v, want %q", raw, got, ok, want)
		}
	}
	for _, raw := range []string{`1`, `null`, `{}`, `"\ud800"`, `"\udc00"`, `"\ud800x"`, `"\ud800\u0041"`, `"\ud800\ud800"`, ``} {
		if got, ok := Unquote([]byte(raw)); ok {
			t.Errorf("Unquote(%s) = %q, want no text", raw, got)
		}
	}
}

func TestAppendString(t *testing.T) {
	for _, text := range []string{"", "plain", "\"\\/", "\x00\x1f\x7f\n\r\t", "é日😀", "\u0085\u2028\u2029"} {
		raw := AppendString(nil, text)
		var got string
		if err := json.Unmarshal(raw, &got); err != nil || got != text {
			t.Errorf("AppendString(%q) = %s, read back as %q, %v", text, raw, got, err)
		}
		if size := StringSize(text); size != len(raw) {
			t.Errorf("StringSize(%q) = %d, want %d", text, size, len(raw))
		}
		if bytes.ContainsAny(raw, "\n\r\u0085\u2028\u2029") {
			t.Errorf("AppendString(%q) = %q holds a line break", text, raw)
		}
	}
	for text, want := range map[string]string{
		"a\xffb": "\"a\ufffdb\"", "\xe2\x80": "\"\ufffd\ufffd\"", "\x01\u2028\x7f": `"\u0001\u2028\u007f"`,
	} {
		if got := string(AppendString(nil, []byte(text))); got != want || StringSize([]byte(text)) != len(want) {
			t.Errorf("%q became %q, said to be of %d bytes", text, got, StringSize([]byte(text)))
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var doc Doc
		err := doc.Parse(data, 10000)
		if want := json.Valid(data) && utf8.Valid(data); (err == nil) != want {
			t.Fatalf("Check(%q) = %v, want valid: %v", data, err, want)
		}
		if err != nil {
			return
		}
		want := strings.Trim(string(data), " \n\r\t")
		if got := string(Get(data)); got != want || string(doc.Value) != want {
			t.Fatalf("Get() = %q, Value %q, want %q", got, doc.Value, want)
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(data, &object) != nil {
			return
		}
		for key, want := range object {
			// encoding/json puts U+FFFD for half a surrogate pair; here such a key has no name
			values := [][]byte{Get(data, key)}
			if !strings.Contains(key, ".") { // a Doc's paths have dots
				values = append(values, doc.Get(key))
			}
			for _, got := range values {
				if string(got) != string(want) && !strings.ContainsRune(key, utf8.RuneError) {
					t.Fatalf("Get(%q) of %q = %q, want %q", key, data, got, want)
				}
			}
			var text string
			if json.Unmarshal(want, &text) == nil && len(want) > 0 && want[0] == '"' {
				if got, ok := Unquote(want); ok && got != text {
					t.Fatalf("Unquote(%s) = %q, want %q", want, got, text)
				}
				var back string
				if err := json.Unmarshal(AppendString(nil, text), &back); err != nil || !reflect.DeepEqual(back, text) {
					t.Fatalf("AppendString(%q) came back as %q, %v", text, back, err)
				}
			}
		}
	})
}

func TestMembers(t *testing.T) {
	var got []string
	if !Members([]byte(` { "a" : 1.0 , "\u0062":"x}" ,"a":[ {} ] , "":{}}`), func(key string, value []byte) { got = append(got, key+"="+string(value)) }) {
		t.Error("no object")
	}
	if want := []string{"a=1.0", `b="x}"`, "a=[ {} ]", "={}"}; !reflect.DeepEqual(got, want) {
		t.Errorf("members %q, want %q", got, want)
	}
	for _, text := range []string{"[]", "1", `"a"`, "null"} {
		if Members([]byte(text), func(string, []byte) { t.Error("a member") }) {
			t.Errorf("%s is an object", text)
		}
	}
	if !Members([]byte("{}"), func(string, []byte) { t.Error("a member") }) {
		t.Error("{} is no object")
	}
}

func TestLen(t *testing.T) {
	for text, want := range map[string]int{"[]": 0, " [ ] ": 0, "[1]": 1, "[ [1,2] , {} ,3]": 3} {
		if got := Len([]byte(text)); got != want {
			t.Errorf("Len(%q) = %d, want %d", text, got, want)
		}
	}
}
