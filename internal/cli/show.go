package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
)

// What an event can be shown as.
const (
	asEvent   = "event"
	asBody    = "body"
	asRequest = "request"
	asCurl    = "curl"
)

func showCommand() *cobra.Command {
	as := asEvent
	cmd := &cobra.Command{
		Use:   "show <id> <file|directory>...",
		Short: "Shows one stored event, or the request that it came in",
		Long: `
Shows the event with an id: as it is stored, indented (--as event); its body as it
was sent, byte for byte (body); the request that it came in, as HTTP/1.1, with the
header fields that were stored (request); or a curl command that sends the same
request again (curl).

Of several events with the id it is the newest; a note says how many there are. On a
terminal, what does not print is made visible; to a file or a pipe every byte goes as
it was sent. Values that may be secrets were not stored: they are REDACTED, and curl
leaves them out. Events of earlier versions have no header fields.
` + aboutFiles + `

Exit status: 0; 1 if there is no such event, or a file can't be read to its end.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			show, ok := map[string]func(*console, *reader.Event) error{
				asEvent: showEvent, asBody: showBody, asRequest: showRequest, asCurl: showCurl,
			}[as]
			if !ok {
				return fmt.Errorf("--as %s: must be event, body, request or curl", as)
			}
			c := newConsole(cmd)
			e, err := newestWith(cmd.Context(), c, args[0], args[1:])
			if e == nil {
				return err
			}
			if showErr := show(c, e); showErr != nil {
				return showErr
			}
			if c.failed != nil {
				return c.failed
			}
			return err // of a file in which there may be a newer one
		},
	}
	cmd.Flags().StringVar(&as, "as", as, "Show it in this `form`: event, body, request or curl")
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{asEvent, asBody, asRequest, asCurl}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// newestWith returns the newest event with an id, also with an error about a file that
// could not be read to its end.
func newestWith(ctx context.Context, c *console, id string, args []string) (*reader.Event, error) {
	var newest *reader.Event
	found := 0
	err := eachEvent(ctx, c, args, reader.Query{IDs: []string{id}}, func(e *reader.Event) error {
		if found++; newest == nil || !e.Time.Before(newest.Time) {
			_, newest, _ = reader.Parse(reader.Line{Text: bytes.Clone(e.Text)}) // as its line is the reader's
		}
		return nil
	})
	switch {
	case newest == nil && err != nil:
		return nil, err
	case newest == nil:
		return nil, fmt.Errorf("no event with the id %s", sanitize(id))
	case found > 1:
		c.note("%d events have this id; this is the newest, of %s", found, newest.Time.Format(time.RFC3339))
	}
	return newest, err
}

// showEvent shows an event indented, its tokens as they are.
func showEvent(c *console, e *reader.Event) error {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, e.Text, "", "  "); err != nil {
		return err
	}
	text := pretty.String()
	if c.outIsTerminal {
		lines := strings.Split(text, "\n")
		for i := range lines {
			lines[i] = sanitizeJSON(lines[i])
		}
		text = strings.Join(lines, "\n")
	}
	c.printf("%s\n", text)
	return nil
}

func showBody(c *console, e *reader.Event) error {
	body, err := e.BodySent()
	if err != nil {
		return err
	}
	c.printBytes(body)
	return nil
}

// showRequest shows a request as HTTP/1.1 has it.
func showRequest(c *console, e *reader.Event) error {
	r, err := e.Request()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.Target, r.URL.Host)
	r.Header.Del("Transfer-Encoding") // it has a length here
	r.Header.Set("Content-Length", strconv.Itoa(len(r.Body)))
	for _, name := range r.Names() {
		for _, value := range r.Header[name] {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	b.WriteString("\r\n")
	b.Write(r.Body)
	c.printBytes(b.Bytes())
	return nil
}

// printBytes prints bytes as they are, unless that is on a terminal.
func (c *console) printBytes(b []byte) {
	if !c.outIsTerminal {
		c.printf("%s", b)
		return
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t") // tabs are harmless
		for i := range parts {
			parts[i] = sanitize(parts[i])
		}
		c.printf("%s\n", strings.Join(parts, "\t"))
	}
}

// showCurl shows a command for a POSIX shell.
func showCurl(c *console, e *reader.Event) error {
	r, err := e.Request()
	if err != nil {
		return err
	}
	command, left := r.Curl()
	c.printBytes([]byte(command + "\n"))
	for _, name := range left {
		c.note("%s was not stored, as it may be a secret, and is left out", name)
	}
	return nil
}
