package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	startUp = "StartUp/rotated=10000"
	rotated = 10_000 // a week of one a minute

	// patience is how long a Caddy may take for anything before it is killed.
	patience = time.Minute
)

// site has all that looks for rotated files at the start.
const site = `{
	admin off
	auto_https off
	persist_config off
	log {
		output discard
	}
}
http://{ADDRESS} {
	webhook_receiver /webhooks {
		verify_token token
		output file {DIR}/events.jsonl {
			roll_keep 20000
		}
		dedupe 1h {http.webhook_receiver.body_sha256}
		deliver {APPLICATION}
	}
	handle_path /inspect* {
		webhook_inspector
	}
}
`

// starts builds the tree's Caddy, and returns what starts it where there are a great
// many rotated files: how long it is until it has stored an event, and until that is
// delivered, and its memory until then.
func starts(ctx context.Context, t tree) (run func(context.Context) (map[figure]float64, error), err error) {
	program := filepath.Join(t.built, "caddy")
	if err := t.buildCaddy(ctx, program); err != nil {
		return nil, err
	}
	dir := filepath.Join(t.built, "events")
	if err := makeRotated(dir, time.Now()); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (map[figure]float64, error) { return start(ctx, program, dir) }, nil
}

func makeRotated(dir string, now time.Time) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i := range rotated {
		at := now.UTC().Add(-time.Duration(i+1) * time.Minute)
		name := filepath.Join(dir, at.Format("events-2006-01-02T15-04-05.000.jsonl"))
		if err := os.WriteFile(name, []byte("{}\n"), 0o600); err != nil {
			return err
		}
		if err := os.Chtimes(name, at, at); err != nil {
			return err
		}
	}
	return nil
}

func start(ctx context.Context, program, dir string) (figures map[figure]float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	delivered := make(chan struct{}, 1)
	application := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case delivered <- struct{}{}:
		default:
		}
	}))
	defer application.Close()
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := strings.NewReplacer("{ADDRESS}", address, "{DIR}", dir, "{APPLICATION}", application.URL).Replace(site)
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "run", "--adapter", "caddyfile", "--config", "-")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(config), &output, &output
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var exit error
	ended := make(chan struct{})
	go func() {
		exit = cmd.Wait()
		close(ended)
	}()
	stored := make(chan struct{})
	go func() {
		for send(ctx, address) != nil && ctx.Err() == nil {
			time.Sleep(2 * time.Millisecond)
		}
		close(stored)
	}()
	figures = map[figure]float64{}
	for _, what := range []struct {
		name string
		is   chan struct{}
	}{{"/stored", stored}, {"/delivered", delivered}} {
		select {
		case <-what.is:
			figures[figure{startUp + what.name, "ms"}] = float64(time.Since(began).Microseconds()) / 1e3
		case <-ended:
			return nil, fmt.Errorf("caddy ended: %w\n%s", exit, output.Bytes())
		case <-ctx.Done():
			<-ended
			return nil, fmt.Errorf("%s: %w\n%s", what.name, ctx.Err(), output.Bytes())
		}
	}
	if peak := peakMemory(cmd.Process.Pid); peak > 0 {
		figures[figure{startUp, "MiB"}] = peak
	}
	if cmd.Process.Signal(os.Interrupt) != nil {
		cancel()
	}
	<-ended
	return figures, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// send sends an event, and returns nil if it was stored.
func send(ctx context.Context, address string) error {
	body := fmt.Sprintf(`{"EventType":"started","TicketId":%d}`, time.Now().UnixNano())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/webhooks", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return errors.Join(err, answer.Body.Close())
}

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peakMemory is the largest resident size that a process has had, in MiB; 0 where the
// system does not tell.
func peakMemory(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	found := peakLine.FindSubmatch(text)
	if found == nil {
		return 0
	}
	size, _ := strconv.ParseFloat(string(found[1]), 64)
	return size / 1024
}
