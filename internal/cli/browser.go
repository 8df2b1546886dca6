package cli

import (
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// openFor is how long a browser may take to start and read the file that it is given. A variable for tests.
var openFor = 30 * time.Second

// openPage opens an address with a secret in the browser. What the browser is started with, all users of the
// machine can see: that is a file which only its owner can read, and which leads to the address.
func openPage(ctx context.Context, address string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	f, err := createPage()
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	to := html.EscapeString(address)
	_, err = fmt.Fprintf(f, `<!DOCTYPE html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=%s"><title>Inspector</title><a href="%s">Inspector</a>`+"\n", to, to)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	opened := make(chan error, 1)
	go func() { opened <- openBrowser(f.Name()) }() // it ends at once, or with the browser
	enough := time.After(openFor)
	for {
		select {
		case err := <-opened:
			if err != nil {
				return err
			}
			opened = nil
		case <-enough:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// createPage creates the file. On Linux a browser that is confined can read neither what is in /tmp nor what
// is hidden, but what is in the home directory.
func createPage() (*os.File, error) {
	const name = "caddy-webhook-inspect-*.html"
	if home, err := os.UserHomeDir(); err == nil && runtime.GOOS == "linux" {
		if f, err := os.CreateTemp(home, name); err == nil {
			return f, nil
		}
	}
	return os.CreateTemp("", name)
}

// openBrowser has the system open a file. A variable for tests.
var openBrowser = func(path string) error {
	name, args := "xdg-open", []string{path}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", path}
	}
	return exec.Command(name, args...).Run()
}
