package main

import (
	"context"
	"debug/buildinfo"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

//go:embed allowance.txt
var allowance string

// isAllowed builds a Caddy with the plugin and one without it, of the same modules,
// and tells whether the plugin adds to it no more than allowance.txt has.
func isAllowed(ctx context.Context, t tree, bare string) (bool, error) {
	with := filepath.Join(t.built, "caddy")
	if err := t.buildCaddy(ctx, with); err != nil {
		return false, err
	}
	if err := t.build(ctx, bare, "github.com/caddyserver/caddy/v2/cmd/caddy"); err != nil {
		return false, err
	}
	bytes, modules, err := added(with, bare)
	if err != nil {
		return false, err
	}
	allowed, allowedModules, err := parseAllowance(allowance)
	if err != nil {
		return false, err
	}
	fmt.Printf("The plugin adds %d bytes to Caddy's program, of %d that are allowed, and %d modules\n", bytes, allowed, len(modules))
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		bytes = 0 // others' programs have other sizes
	}
	excess := excessOf(bytes, modules, allowed, allowedModules)
	for _, what := range excess {
		fmt.Println("TOO MUCH:", what)
	}
	return len(excess) == 0, nil
}

// excessOf says what is more than allowed.
func excessOf(bytes int64, modules []string, allowed int64, allowedModules map[string]bool) (excess []string) {
	if bytes > allowed {
		excess = append(excess, "the program grows; allow more in bench/compare/allowance.txt, if it is worth it")
	}
	for _, path := range modules {
		if !allowedModules[path] {
			excess = append(excess, "the module "+path+", which is not in bench/compare/allowance.txt")
		}
	}
	return excess
}

// buildCaddy builds the tree's Caddy.
func (t tree) buildCaddy(ctx context.Context, program string) error {
	return t.build(ctx, program, "./cmd/caddy")
}

func (t tree) build(ctx context.Context, program, pkg string) error {
	return t.goBuild(ctx, "build", "-buildvcs=false", "-ldflags=-s -w", "-o", program, pkg)
}

// added returns by how many bytes, and which modules, a program with the plugin is
// more than one without it.
func added(with, bare string) (bytes int64, modules []string, err error) {
	infos := [2]*debug.BuildInfo{}
	for i, name := range []string{with, bare} {
		if infos[i], err = buildinfo.ReadFile(name); err != nil {
			return 0, nil, err
		}
		file, err := os.Stat(name)
		if err != nil {
			return 0, nil, err
		}
		bytes = file.Size() - bytes
	}
	is := map[string]bool{infos[1].Main.Path: true}
	for _, module := range infos[1].Deps {
		is[module.Path] = true
	}
	for _, module := range infos[0].Deps {
		if !is[module.Path] {
			modules = append(modules, module.Path)
		}
	}
	return -bytes, modules, nil
}

// parseAllowance reads lines of "bytes <n> <why>" and "module <path> <why>", between
// lines with a # in front.
func parseAllowance(text string) (bytes int64, modules map[string]bool, err error) {
	modules = map[string]bool{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		switch {
		case len(fields) < 3:
			return 0, nil, fmt.Errorf("allowance.txt: %q does not say why", strings.TrimSpace(line))
		case fields[0] == "module":
			modules[fields[1]] = true
		case fields[0] == "bytes":
			if bytes, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
				return 0, nil, fmt.Errorf("allowance.txt: %w", err)
			}
		default:
			return 0, nil, fmt.Errorf("allowance.txt: %q is no kind", fields[0])
		}
	}
	return bytes, modules, nil
}
