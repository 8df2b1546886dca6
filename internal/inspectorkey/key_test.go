package inspectorkey

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// nowhere has the key be in a directory that is not there yet, and returns its path.
func nowhere(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "not", "there")
	for _, name := range []string{"XDG_DATA_HOME", "HOME", "AppData"} {
		t.Setenv(name, data)
	}
	path := Path()
	if !strings.HasPrefix(path, data) {
		t.Fatalf("the key would be %s", path)
	}
	return path
}

// put writes what is no key that Get has made.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T) string {
	t.Helper()
	key, err := Get()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestKey is random, kept, and what is in the file now.
func TestKey(t *testing.T) {
	path := nowhere(t)
	key := get(t)
	if len(key) != 43 || get(t) != key {
		t.Fatalf("%q, then %q", key, get(t))
	}
	if stored, _ := os.ReadFile(path); string(stored) != key+"\n" {
		t.Errorf("the file has %q", stored)
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	if len(entries) != 1 {
		t.Errorf("beside the key there are %v", entries)
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if next := get(t); next == key || len(next) != 43 {
		t.Errorf("once the file is removed the key is %q, was %q", next, key)
	}
	own := strings.Repeat("own_key-", 6)
	put(t, path, "  "+own+"\r\n\n")
	if next := get(t); next != own {
		t.Errorf("of another file it is %q", next)
	}
}

// TestBrokenKeys let nobody in, and stay until somebody looks at them.
func TestBrokenKeys(t *testing.T) {
	key := strings.Repeat("k", 43)
	for name, text := range map[string]string{
		"empty": "", "blank": " \n", "half": key[:20], "a byte short": key[:42], "no base64": strings.Repeat("!", 43), "padded": key + "=",
		"two": key + "\n" + key, "in two lines": key[:20] + "\n" + key[20:], "with a NUL": key + "\x00",
	} {
		t.Run(name, func(t *testing.T) {
			path := nowhere(t)
			put(t, path, text)
			got, err := Get()
			if got != "" || err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "remove it, and a new one is made") {
				t.Errorf("%q, %v", got, err)
			}
			if stored, _ := os.ReadFile(path); string(stored) != text {
				t.Errorf("the file was changed: %q", stored)
			}
		})
	}
}

// TestKeyThatCannotBe there: the error says where.
func TestKeyThatCannotBe(t *testing.T) {
	for name, prepare := range map[string]func(path string) error{
		"a directory":       func(path string) error { return os.MkdirAll(path, 0o700) },
		"a link to nothing": func(path string) error { put(t, path+".not", ""); return os.Symlink(path+".neither", path) },
		"below a file":      func(path string) error { put(t, filepath.Dir(path), ""); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			path := nowhere(t)
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			if key, err := Get(); key != "" || err == nil || !strings.Contains(err.Error(), filepath.Dir(path)) {
				t.Errorf("%q, %v", key, err)
			}
		})
	}
}

// TestMakersAgree on one key, which nobody sees half of.
func TestMakersAgree(t *testing.T) {
	path := nowhere(t)
	for range 20 {
		keys := make([]string, 8)
		var all sync.WaitGroup
		for i := range keys {
			all.Add(1)
			go func() {
				defer all.Done()
				key, err := Get()
				if err != nil {
					t.Error(err)
				}
				keys[i] = key
			}()
		}
		all.Wait()
		for _, key := range keys {
			if key != keys[0] || len(key) != 43 {
				t.Fatalf("there are the keys %q", keys)
			}
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Fatalf("there are %v", entries)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
