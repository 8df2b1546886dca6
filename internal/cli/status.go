package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func statusCommand(readConfig ReadConfig) *cobra.Command {
	at := admin{readConfig: readConfig}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Shows how the receivers of the running Caddy stand, and what looks wrong",
		Long: `
Shows how each receiver of the running Caddy stands, and warns of what looks wrong:
name, provider, URLs and outputs; the last verification and the last event; what
became of its requests since Caddy was started; the last one that was refused, with
the reason; and a line for each delivery.
` + aboutAddress + `

Exit status: 0, also with warnings; 1 if Caddy can't be asked.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := newConsole(cmd)
			if err := at.resolve(); err != nil {
				return err
			}
			answer, err := at.get("status")
			if err != nil {
				return err
			}
			if asJSON {
				c.printJSON(answer)
				return c.failed
			}
			var report status.Report
			if err := at.decode(answer, &report); err != nil {
				return err
			}
			c.showStatus(&report, time.Now())
			return c.failed
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Show the answer of the admin endpoint, as JSON")
	return cmd
}

// printJSON prints JSON from elsewhere.
func (c *console) printJSON(text []byte) {
	line := strings.TrimSpace(string(text))
	if c.outIsTerminal {
		line = sanitizeJSON(line)
	}
	c.printf("%s\n", line)
}

func (c *console) showStatus(report *status.Report, now time.Time) {
	if len(report.Receivers) == 0 {
		c.printf("There is no webhook_receiver in the config of the running Caddy.\n")
		return
	}
	for _, r := range report.Receivers {
		title := r.Name
		if r.Provider != r.Name {
			title += " (" + r.Provider + ")"
		}
		c.printf("%s  %s\n", c.paint(c.colours.Cyan, sanitize(title)), sanitize(strings.Join(r.Sites, "  ")))
		for _, o := range r.Outputs {
			c.field("output", outputLine(o, now))
		}
		if r.Verifies {
			c.field("last verification", when(r.LastVerification, now))
		}
		c.field("last event", when(r.LastEvent, now))
		c.field("requests", outcomesLine(outcome.All, r.Requests))
		if last := r.LastRefusal; last != nil {
			c.field("last refusal", fmt.Sprintf("%s: %d, %s", when(&last.Time, now), last.Status, last.Reason))
			if last.Remedy != "" {
				c.field("", last.Remedy)
			}
		}
		for _, d := range r.Deliveries {
			c.field("delivery", d.Name+": "+deliveryLine(&d, now))
			for _, warning := range d.Warnings {
				c.warning(d.Name + ": " + warning)
			}
		}
		for _, warning := range r.Warnings {
			c.warning(warning)
		}
		c.printf("\n")
	}
	c.printf("Counted since %s.\n", when(&report.Started, now))
}

func (c *console) field(name, text string) {
	c.printf("  %-18s %s\n", name, sanitize(text))
}

func (c *console) warning(text string) {
	c.printf("  %s\n", c.paint(c.colours.Yellow, sanitize("warning: "+text)))
}

// when returns a time, and how long ago that is.
func when(t *time.Time, now time.Time) string {
	if t == nil {
		return "none since Caddy was started"
	}
	return fmt.Sprintf("%s (%s)", t.UTC().Format(time.RFC3339), humanize.RelTime(*t, now, "ago", "ahead"))
}

func outputLine(o status.OutputReport, now time.Time) string {
	line := o.Output
	if o.File != "" {
		line += " " + o.File
		if o.Written == nil {
			line += ", not there yet"
		} else {
			line += fmt.Sprintf(", %s, written %s", humanize.IBytes(uint64(max(0, o.Size))), humanize.RelTime(*o.Written, now, "ago", "ahead"))
		}
	}
	if o.Disk > 0 {
		line += fmt.Sprintf("; %s of %s free", humanize.IBytes(uint64(max(0, o.DiskFree))), humanize.IBytes(uint64(o.Disk)))
	}
	if !o.Durable {
		line += "; not durable"
	}
	if o.Failing {
		line += "; failing"
	}
	return line
}

// outcomesLine returns the outcomes that there were, in their order.
func outcomesLine(order []string, counts map[string]uint64) string {
	var parts []string
	for _, name := range order {
		if n := counts[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(name, "_", " ")))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
