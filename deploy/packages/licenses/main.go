// Command licenses prints the licenses of all that is in a Go binary, as they ask for
// when a binary is passed on.
package main

import (
	"debug/buildinfo"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: licenses <binary>")
	}
	info, err := buildinfo.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		log.Fatal(err)
	}
	folders := strings.Split(strings.TrimRight(string(out), "\r\n"), "\n")
	texts := map[string][]string{} // a license's text, and what is under it
	add := func(what, folder string) {
		found, err := licenses(folder)
		if err != nil {
			log.Fatalf("%s: %v", what, err)
		}
		for _, text := range found {
			texts[text] = append(texts[text], what)
		}
	}
	add("Go "+strings.TrimPrefix(info.GoVersion, "go"), folders[0])
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		if module.Version != "" && module.Version != "(devel)" { // else it is a folder of this project
			add(module.Path+" "+module.Version, filepath.Join(folders[1], cached(module)))
		}
	}
	var sections []string
	for text, modules := range texts {
		sections = append(sections, strings.Join(modules, "\n")+"\n\n"+strings.TrimSpace(text)+"\n")
	}
	slices.Sort(sections)
	fmt.Print(strings.Join(sections, "\n"+strings.Repeat("-", 80)+"\n\n"))
}

// cached is a module's folder in Go's cache.
func cached(module *debug.Module) string {
	var escaped strings.Builder
	for _, r := range module.Path + "@" + module.Version {
		if unicode.IsUpper(r) {
			escaped.WriteByte('!')
			r = unicode.ToLower(r)
		}
		escaped.WriteRune(r)
	}
	return escaped.String()
}

var name = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|unlicense|patents)([.-].*)?$`)

// licenses returns the texts of a folder's licenses and notices.
func licenses(folder string) (texts []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.IsDir() || !name.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	if texts == nil {
		return nil, fmt.Errorf("no license in %s", folder)
	}
	return texts, nil
}
