package cli

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/outcome"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func deliveriesCommand(readConfig ReadConfig) *cobra.Command {
	at := &admin{readConfig: readConfig}
	asJSON := false
	cmd := &cobra.Command{
		Use:   "deliveries [--address <address>] [--config <file>] [--json] [pause|resume|skip|retry <name>]",
		Short: "Shows how the deliveries of the running Caddy stand, and pauses, resumes and mends them",
		Long: `
Asks the running Caddy, by its admin endpoint, how each delivery stands: its
receiver and name, and the URL that events are sent to; whether it is up, down,
paused or held; how much is not delivered yet, and since when; the last attempt;
the dead letters, which are events that were given up, and their file; and what
became of the attempts since Caddy was started. It warns of what looks wrong.

The commands below do something with one, which is named by its name, or by its
receiver's and its own, as in orders/app, where several have that name. The
address is found as by caddy reload.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := newConsole(cmd)
			if err := at.resolve(); err != nil {
				return err
			}
			answer, all, err := at.deliveries()
			if err != nil {
				return err
			}
			if asJSON {
				c.printJSON(answer)
			} else {
				c.showDeliveries(all, time.Now())
			}
			return c.failed
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "Show it as JSON")
	for _, action := range deliveryActions {
		cmd.AddCommand(actionCommand(at, action))
	}
	return cmd
}

// deliveryActions are the commands for one delivery.
var deliveryActions = []struct{ name, short, long string }{
	{status.DeliveryPause, "Sends nothing until resume", `
Has a delivery send nothing more, over reloads and restarts too, until
caddy webhook deliveries resume. Attempts that were begun go on. Events are
received and stored meanwhile, and wait.`},
	{status.DeliveryResume, "Goes on after pause, or at once where it waits", `
Has a delivery go on that was paused. One that is down, or that was asked by the
application to wait, tries again at once.`},
	{status.DeliverySkip, "Gives up the event that was tried longest, so that those after it are sent", `
Gives up the oldest event that was tried and not taken: it goes to the dead letters,
from where retry sends it again. With order strict the delivery goes on with the
next event, otherwise with the next one of the subject.`},
	{status.DeliveryRetry, "Sends the dead letters again", `
Sends the delivery's dead letters again, as if they had just been received. They
leave their file; those that are given up once more come back.`},
}

func actionCommand(at *admin, action struct{ name, short, long string }) *cobra.Command {
	cmd := &cobra.Command{
		Use:   action.name + " <name> [--address <address>] [--config <file>]",
		Short: action.short,
		Long:  action.long,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("which one? Give the name of a delivery, as in caddy webhook deliveries %s app", action.name)
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return at.deliveryNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c := newConsole(cmd)
			if err := at.resolve(); err != nil {
				return err
			}
			_, all, err := at.deliveries()
			if err != nil {
				return err
			}
			d, err := deliveryNamed(all, args[0])
			if err != nil {
				return err
			}
			answer, err := at.post("deliveries/" + url.PathEscape(d.Receiver) + "/" + url.PathEscape(d.Name) + "/" + action.name)
			if err != nil {
				return err
			}
			var done struct {
				Result string `json:"result"`
			}
			if err := at.decode(answer, &done); err != nil {
				return err
			}
			c.printf("%s\n", sanitize(fullName(d)+": "+done.Result))
			return c.failed
		},
	}
	at.addFlags(cmd)
	return cmd
}

// deliveries returns those of the running Caddy, and the whole answer.
func (a *admin) deliveries() (answer []byte, all []status.DeliveryReport, err error) {
	answer, err = a.get("deliveries")
	if err != nil {
		return nil, nil, err
	}
	var parsed struct {
		Deliveries []status.DeliveryReport `json:"deliveries"`
	}
	if err := a.decode(answer, &parsed); err != nil {
		return nil, nil, err
	}
	return answer, parsed.Deliveries, nil
}

// deliveryNames returns the names that a shell may complete.
func (a *admin) deliveryNames() (names []string) {
	if a.resolve() != nil {
		return nil
	}
	_, all, _ := a.deliveries()
	for _, d := range all {
		names = append(names, fullName(&d))
	}
	return names
}

func fullName(d *status.DeliveryReport) string { return d.Receiver + "/" + d.Name }

// deliveryNamed returns the one that is called that, with its receiver's name or without.
func deliveryNamed(all []status.DeliveryReport, name string) (*status.DeliveryReport, error) {
	var found *status.DeliveryReport
	var names, like []string
	for _, d := range all {
		full := fullName(&d)
		if slices.Contains(names, full) {
			continue // receivers of one name, in different files: the running Caddy takes them as one
		}
		names = append(names, full)
		if full == name || d.Name == name {
			found = &d
			like = append(like, full)
		}
	}
	switch {
	case len(all) == 0:
		return nil, errors.New("there is no delivery in the config of the running Caddy")
	case len(like) == 0:
		return nil, fmt.Errorf("there is no delivery %s; there are: %s", name, strings.Join(names, ", "))
	case len(like) > 1:
		return nil, fmt.Errorf("several deliveries have the name %s; which one: %s?", name, strings.Join(like, " or "))
	}
	return found, nil
}

func (c *console) showDeliveries(all []status.DeliveryReport, now time.Time) {
	if len(all) == 0 {
		c.printf("There is no delivery in the config of the running Caddy.\n")
		return
	}
	for i, d := range all {
		if i > 0 {
			c.printf("\n")
		}
		c.printf("%s  %s\n", c.paint(c.colours.Cyan, sanitize(fullName(&d))), sanitize(d.URL))
		c.field("state", stateLine(&d, now))
		c.field("not delivered", backlogLine(&d, now))
		c.field("last attempt", when(d.LastAttempt, now))
		c.field("last taken", when(d.LastTaken, now))
		c.field("attempts", outcomesLine(outcome.OfDeliveries, d.Outcomes))
		if d.LastError != "" {
			c.field("last error", d.LastError)
		}
		c.field("dead letters", fmt.Sprintf("%d, in %s", d.DeadLetters, d.DeadFile))
		for _, warning := range d.Warnings {
			c.warning(warning)
		}
	}
}

// deliveryLine is a delivery in short.
func deliveryLine(d *status.DeliveryReport, now time.Time) string {
	line := stateLine(d, now) + "; not delivered: " + backlogLine(d, now)
	if d.DeadLetters > 0 {
		line += fmt.Sprintf("; dead letters: %d", d.DeadLetters)
	}
	return line
}

func stateLine(d *status.DeliveryReport, now time.Time) string {
	line := d.State
	if d.Since != nil {
		line += " since " + when(d.Since, now)
	}
	if d.HeldUntil != nil {
		line += " until " + when(d.HeldUntil, now)
	}
	return line
}

// backlogLine tells what is not delivered: events that were read, and what is stored after them.
func backlogLine(d *status.DeliveryReport, now time.Time) string {
	var parts []string
	if d.Undone > 0 {
		text := fmt.Sprintf("%d events", d.Undone)
		if d.Undone == 1 {
			text = "1 event"
		}
		if d.Retrying > 0 {
			text += fmt.Sprintf(" (%d to be tried again)", d.Retrying)
		}
		parts = append(parts, text)
	}
	if d.Backlog > 0 {
		parts = append(parts, humanize.IBytes(uint64(d.Backlog))+" not read yet")
	}
	if len(parts) == 0 {
		return "nothing"
	}
	if d.Oldest != nil {
		parts = append(parts, "the oldest received "+when(d.Oldest, now))
	}
	return strings.Join(parts, ", ")
}
