package webhookreceiver

import (
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRooms holds the imports to ARCHITECTURE.md's table: every package is in it,
// and imports of the others, and of Caddy, what it says.
func TestRooms(t *testing.T) {
	const module = "github.com/caddy-webhook-receiver/caddy-webhook-receiver"
	code := regexp.MustCompile("`([^`]+)`")
	may := map[string][]string{} // what a room may import, by the room
	for _, line := range strings.Split(read(t, "ARCHITECTURE.md"), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(line, "| `") {
			continue
		}
		var imports []string
		for _, name := range code.FindAllStringSubmatch(cells[4], -1) {
			imports = append(imports, name[1])
		}
		for _, room := range code.FindAllStringSubmatch(cells[1], -1) {
			may[room[1]] = imports
		}
	}
	roomOf := func(dir string) string { // or that of a folder around it
		for room := filepath.ToSlash(dir); room != "."; room = path.Dir(room) {
			if _, ok := may[room+"/"]; ok {
				return room + "/"
			}
		}
		return "/"
	}
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "testdata" || name == "build" || name != "." && strings.HasPrefix(name, ".") {
			return fs.SkipDir
		}
		room := roomOf(name)
		files := source(t, name)
		if len(files) > 0 && room == "/" && name != "." {
			t.Errorf("%s is not in the table", name)
		}
		for _, file := range files {
			seen[room] = true
			for _, spec := range file.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				ours, isOurs := strings.CutPrefix(imported, module)
				switch {
				case isOurs:
					imported = roomOf(strings.TrimPrefix(ours, "/"))
				case strings.Contains(imported, "caddyserver/caddy"):
					imported = path.Base(imported)
					if imported != "caddyhttp" {
						imported = "caddy"
					}
				default:
					continue
				}
				if imported != room && !slices.Contains(may[room], imported) {
					t.Errorf("%s imports %s, which its room may not", name, imported)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range may {
		if !seen[room] {
			t.Errorf("%s is in the table, and not in the code", room)
		}
	}
}
