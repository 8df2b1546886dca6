// Command compare looks what the work tree costs more than the commit that it began
// from, on this machine:
//
//	make compare
//
// It runs the hot path's benchmarks of both and starts both Caddys with a great many
// rotated files, by turns. More than limits allow, and again when it is measured a
// second time, is a failure, unless a commit says that it is on purpose. What the
// plugin adds to Caddy's program is held to allowance.txt, which needs no other commit.
//
// BASE is a commit to compare with instead.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// rounds is how often each of both trees is measured. Of its figures the least counts:
// whatever else runs on the machine only adds to them.
const rounds = 7

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
	}
	if err != nil || !ok {
		stop()
		os.Exit(1)
	}
}

// run tells whether nothing costs too much.
func run(ctx context.Context) (ok bool, err error) {
	work, err := filepath.Abs("..") // of bench/, where it runs
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	now := tree{dir: work, built: filepath.Join(dir, "now")}
	ok, err = isAllowed(ctx, now, filepath.Join(dir, "bare"))
	if err != nil {
		return false, err
	}
	base, why, err := findBase(ctx, work)
	if err != nil {
		return false, err
	}
	if base == "" {
		fmt.Printf("NOT COMPARED with an earlier commit, in time, memory and allocations: %s\n", why)
		return ok, nil
	}
	fmt.Printf("Compared with %s\n", why)
	before := tree{dir: filepath.Join(dir, "tree"), built: filepath.Join(dir, "before")}
	remove, err := checkOut(ctx, work, base, before.dir)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	onPurpose, err := purposes(ctx, work, base)
	if err != nil {
		return false, err
	}
	measured, err := sources(ctx, before, now)
	if err != nil {
		return false, err
	}
	for _, s := range measured {
		findings, err := compare(ctx, s, rounds)
		if err != nil {
			return false, err
		}
		for _, f := range findings {
			line, isWell := f.report(onPurpose)
			fmt.Println(line)
			ok = ok && isWell
		}
	}
	return ok, nil
}

// tree is one of both: its files, and what was built of them.
type tree struct{ dir, built string }

// goBuild runs a go command in the tree.
func (t tree) goBuild(ctx context.Context, arguments ...string) error {
	cmd := exec.CommandContext(ctx, "go", arguments...)
	cmd.Dir = t.dir
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v in %s: %w\n%s", arguments, t.dir, err, output)
	}
	return nil
}
