package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// findBase returns the commit that the work tree is compared with, and how it was
// found; or none, and why there is none.
func findBase(ctx context.Context, dir string) (base, why string, err error) {
	if named := os.Getenv("BASE"); named != "" {
		base, err = git(ctx, dir, "rev-parse", "--verify", "--quiet", named+"^{commit}")
		if err != nil {
			return "", "", fmt.Errorf("BASE=%s is no commit: %w", named, err)
		}
		return describe(ctx, dir, base, "BASE="+named)
	}
	head, err := git(ctx, dir, "rev-parse", "--verify", "HEAD")
	if err != nil {
		return "", "there is no history of git: " + err.Error(), nil
	}
	for _, main := range []string{"origin/HEAD", "origin/main"} {
		if base, err = git(ctx, dir, "merge-base", "HEAD", main); err == nil {
			if base != head {
				return describe(ctx, dir, base, "where this began from "+main)
			}
			break
		}
	}
	changed, err := git(ctx, dir, "status", "--porcelain", "--", "*.go", "*go.mod")
	if err != nil {
		return "", "", err
	}
	if changed != "" {
		return describe(ctx, dir, head, "HEAD, as there are changes that are not committed")
	}
	if base, err = git(ctx, dir, "rev-parse", "--verify", "--quiet", "HEAD^"); err != nil {
		return "", "HEAD has no parent here; in a shallow clone git fetch --unshallow gets it", nil
	}
	return describe(ctx, dir, base, "the commit before HEAD")
}

func describe(ctx context.Context, dir, base, how string) (string, string, error) {
	line, err := git(ctx, dir, "log", "-1", "--format=%h (%s)", base)
	return base, line + ": " + how, err
}

// checkOut puts a commit's files into a new directory; remove takes them away.
func checkOut(ctx context.Context, dir, commit, into string) (remove func() error, err error) {
	if _, err := git(ctx, dir, "worktree", "add", "--quiet", "--detach", into, commit); err != nil {
		return nil, err
	}
	return func() error { // after Ctrl-C, too
		_, err := git(context.WithoutCancel(ctx), dir, "worktree", "remove", "--force", into)
		return err
	}, nil
}

// purpose is what a commit's message says of what costs more on purpose, in a line
// of its last paragraph: "Costs: <name> <why>".
type purpose struct{ name, why string }

// purposes are those of all commits since the base.
func purposes(ctx context.Context, dir, base string) (all []purpose, err error) {
	trailers, err := git(ctx, dir, "log", "--format=%(trailers:key=Costs,valueonly,unfold)", base+"..HEAD")
	for line := range strings.Lines(trailers) {
		name, why, _ := strings.Cut(strings.TrimSpace(line), " ")
		if why = strings.TrimSpace(why); why != "" {
			all = append(all, purpose{name, why})
		}
	}
	return all, err
}

func git(ctx context.Context, dir string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", arguments...)
	cmd.Dir = dir
	output, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("git %s: %w: %s", arguments[0], err, strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(output)), err
}
