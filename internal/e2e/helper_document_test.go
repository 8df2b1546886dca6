package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const project = "../.."

// document is one of the project's Markdown files.
type document struct {
	path   string // from the project's directory
	blocks []block
	links  []string
	// pictures are in Markdown, or of the element img.
	pictures []picture
	// anchors are what links to headings may be, after the #.
	anchors map[string]bool
}

// block is a fenced block of code.
type block struct {
	heading  string // what it stands under
	language string
	text     string
}

// picture is what a document shows, and the text for those who don't see it.
type picture struct{ text, target string }

var (
	headingLine = regexp.MustCompile(`^#+ +(.+)$`)
	linkTarget  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pictureText = regexp.MustCompile(`!\[([^\]]*)\]\(([^)\s]*)`)
	pictureTag  = regexp.MustCompile(`(?i)<img\b[^>]*>`)
	altOfTag    = regexp.MustCompile(`(?i)\balt="([^"]*)"`)
	codeSpan    = regexp.MustCompile("`[^`]*`")
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// documents are all of the project, those of nested modules included.
func documents(t *testing.T) (all []document) {
	t.Helper()
	err := filepath.WalkDir(project, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules" || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if err == nil && filepath.Ext(path) == ".md" {
			name, _ := filepath.Rel(project, path)
			all = append(all, readDocument(t, name))
		}
		return err
	})
	if err != nil || len(all) < 10 {
		t.Fatalf("%d documents; %v", len(all), err)
	}
	return all
}

// ownDocuments are those except the ones of nested modules, whose own tests have
// what their examples need.
func ownDocuments(t *testing.T) []document {
	t.Helper()
	return slices.DeleteFunc(documents(t), func(d document) bool {
		dir := filepath.Dir(d.path)
		_, err := os.Stat(filepath.Join(project, dir, "go.mod"))
		return dir != "." && err == nil
	})
}

func readDocument(t *testing.T, path string) document {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(project, path))
	if err != nil {
		t.Fatal(err)
	}
	d := document{path: path, anchors: map[string]bool{}}
	heading, fence, current := "", false, block{}
	shown := "" // all except code
	for line := range strings.Lines(string(content)) {
		switch {
		case strings.HasPrefix(line, "```") && fence:
			d.blocks, fence = append(d.blocks, current), false
		case strings.HasPrefix(line, "```"):
			fence = true
			current = block{heading: heading, language: strings.TrimSpace(line[3:])}
		case fence:
			current.text += line
		default:
			if h := headingLine.FindStringSubmatch(strings.TrimRight(line, "\n")); h != nil {
				heading = h[1]
				d.anchors[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")] = true
			}
			shown += codeSpan.ReplaceAllString(line, "code")
			for _, link := range linkTarget.FindAllStringSubmatch(codeSpan.ReplaceAllString(line, "code"), -1) {
				d.links = append(d.links, link[1])
			}
		}
	}
	if fence {
		t.Errorf("%s: a block has no end", path)
	}
	for _, p := range pictureText.FindAllStringSubmatch(shown, -1) {
		d.pictures = append(d.pictures, picture{text: p[1], target: p[2]})
	}
	for _, tag := range pictureTag.FindAllString(shown, -1) {
		p := picture{target: tag}
		if alt := altOfTag.FindStringSubmatch(tag); alt != nil {
			p.text = alt[1]
		}
		d.pictures = append(d.pictures, p)
	}
	return d
}

// under are the blocks of a language that stand under a heading.
func (d document) under(t *testing.T, heading, language string) (texts []string) {
	t.Helper()
	for _, b := range d.blocks {
		if b.heading == heading && b.language == language {
			texts = append(texts, b.text)
		}
	}
	if len(texts) == 0 {
		t.Fatalf("%s has no block of %s under %q", d.path, language, heading)
	}
	return texts
}
