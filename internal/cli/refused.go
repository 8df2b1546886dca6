package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

// askAgain is how often --follow asks, which Caddy logs each time.
const askAgain = 2 * time.Second

func refusedCommand(readConfig ReadConfig) *cobra.Command {
	r := refusedRequests{at: admin{readConfig: readConfig}}
	follow := false
	cmd := &cobra.Command{
		Use:   "refused",
		Short: "Shows the last requests that were refused, and why",
		Long: `
Shows the last requests that receivers of the running Caddy have refused, the oldest
first: when, which, from where, why, and what to do.

Caddy keeps 20 of each receiver and reason in memory, and 20 more that were
authentic: events that are lost unless the service sends them again.

With --json each is a line, with all that is kept of it. Header fields and bodies are
in it only if Caddy's admin endpoint is a Unix socket: over TCP everybody on the
machine can ask. Secrets are masked.
` + aboutAddress + `

Exit status: 0; 1 if Caddy can't be asked.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.console = newConsole(cmd)
			if err := r.at.resolve(); err != nil {
				return err
			}
			if err := r.showNew(); err != nil || !follow {
				if err == nil && !r.shown && !r.json {
					r.note("nothing was refused since Caddy was started")
				}
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return r.follow(ctx)
		},
	}
	r.at.addFlags(cmd)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "Go on with requests as they are refused, until Ctrl-C")
	cmd.Flags().BoolVar(&r.json, "json", false, "Show all that is kept, a line of JSON for each request")
	return cmd
}

// refusedRequests shows refused requests.
type refusedRequests struct {
	*console
	at   admin
	json bool

	shown   bool      // one at least
	started time.Time // the process that was asked last
	after   uint64    // the last number of it that was shown
}

// showNew shows those that were refused since it was called last.
func (r *refusedRequests) showNew() error {
	answer, err := r.at.get(fmt.Sprintf("refused?after=%d", r.after))
	if err != nil {
		return err
	}
	var parsed struct {
		Started time.Time         `json:"started"`
		Refused []json.RawMessage `json:"refused"`
	}
	if err := r.at.decode(answer, &parsed); err != nil {
		return err
	}
	if !parsed.Started.Equal(r.started) && !r.started.IsZero() {
		r.started, r.after = parsed.Started, 0 // another process, which counts anew
		return r.showNew()
	}
	r.started = parsed.Started
	for _, raw := range parsed.Refused {
		var request status.Refused
		if err := json.Unmarshal(raw, &request); err != nil {
			return fmt.Errorf("the answer of %s is none: %w", r.at.address, err)
		}
		if r.json {
			r.printJSON(raw)
		} else {
			r.show(&request)
		}
		r.after, r.shown = request.Seq, true
	}
	return r.failed
}

// follow goes on until it is interrupted, also while Caddy is restarted.
func (r *refusedRequests) follow(ctx context.Context) error {
	var last string
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(askAgain):
		}
		err := r.showNew()
		switch {
		case r.failed != nil:
			return r.failed
		case err == nil:
			last = ""
		case err.Error() != last:
			last = err.Error()
			r.note("%s; asking again", last)
		}
	}
}

func (r *refusedRequests) show(q *status.Refused) {
	r.printf("%s  %s  %s %s  from %s\n", q.Time.UTC().Format(time.RFC3339), r.paint(r.colours.Cyan, sanitize(q.Receiver)), sanitize(q.Method), sanitize(q.Path), sanitize(q.ClientIP))
	what := fmt.Sprintf("%d: %s", q.Status, q.Reason)
	if q.Authentic {
		what += "; it was authentic, and is lost unless it is sent again"
	}
	r.printf("    %s\n", r.paint(r.colours.Yellow, sanitize(what)))
	if q.Remedy != "" {
		r.printf("    %s\n", sanitize(q.Remedy))
	}
	for _, field := range []struct{ name, value string }{{"id", q.ID}, {"type", q.Type}} {
		if field.value != "" {
			r.printf("    %s %s\n", field.name, sanitize(field.value))
		}
	}
	if s := q.Signed; s != nil {
		r.printf("    signed should be (%d bytes): %s\n", s.Size, cut(sanitize(string(s.Content)), summaryCells))
		for i, expected := range s.Expected {
			r.printf("    with secret number %d the signature begins with %s\n", i+1, sanitize(expected))
		}
	}
}
