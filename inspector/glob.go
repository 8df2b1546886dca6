package inspector

import (
	"slices"
	"strings"
)

// glob is a text in which * stands for anything. However many there are, looking for it takes little.
type glob struct {
	parts []string // between those; of them only the first and the last can be empty
	least int      // bytes that fit
}

// globs returns what the texts stand for.
func globs(texts []string) (all []glob) {
	for _, text := range texts {
		parts := strings.Split(text, "*")
		g := glob{parts: parts[:1:1], least: len(text) - len(parts) + 1}
		for i, part := range parts[1:] {
			if part != "" || i == len(parts)-2 {
				g.parts = append(g.parts, part)
			}
		}
		all = append(all, g)
	}
	return all
}

func (g *glob) fits(text string) bool {
	last := len(g.parts) - 1
	if last == 0 {
		return text == g.parts[0]
	}
	if len(text) < g.least || !strings.HasPrefix(text, g.parts[0]) || !strings.HasSuffix(text, g.parts[last]) {
		return false
	}
	text = text[len(g.parts[0]) : len(text)-len(g.parts[last])]
	for _, part := range g.parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

func fitsOne(globs []glob, text string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(g glob) bool { return g.fits(text) })
}
