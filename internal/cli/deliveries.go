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
		Use:   "deliveries",
		Short: "Shows how the deliveries of the running Caddy stand; pauses, resumes and mends them",
		Long: `
Shows how each delivery of the running Caddy stands, and warns of what looks wrong:
receiver, name and URL; its state; what is not delivered yet, and since when; the last
attempt and the last error; the dead letters and their file; and what became of
attempts since Caddy was started.

A state is up, down, held (the application asked to wait), paused, standby (another
process delivers) or starting. Dead letters are events that were given up.

The commands below act on one delivery. <name> is its name, or with its receiver's,
as in orders/app, where several have that name.
` + aboutAddress + `

Exit status: 0, also with warnings; 1 if Caddy can't be asked.`,
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "Show the answer of the admin endpoint, as JSON")
	for _, action := range deliveryActions {
		cmd.AddCommand(actionCommand(at, action))
	}
	return cmd
}

// aboutActions is for the help of every command that acts on a delivery.
const aboutActions = aboutAddress + `

Exit status: 0 if it was done; 1 if there is no such delivery, or it can't be done now.`

// deliveryActions are the commands for one delivery.
var deliveryActions = []struct{ name, short, long string }{
	{status.DeliveryPause, "Sends nothing more until resume", `
A delivery sends nothing more until caddy webhook deliveries resume, over reloads and
restarts, too. Attempts that were begun go on. Events are still received and stored,
and wait.
` + aboutActions},
	{status.DeliveryResume, "Goes on after pause; tries again at once if it is down or held", `
A delivery that was paused goes on. One that is down, or that the application asked to
wait, tries again at once.
` + aboutActions},
	{status.DeliverySkip, "Gives up the oldest event that was tried and not taken", `
The oldest event that was tried and not taken goes to the dead letters, from where
retry sends it again. With order strict the delivery goes on with the next event,
otherwise with the next one of the same subject.
` + aboutActions},
	{status.DeliveryRetry, "Sends the dead letters again", `
The delivery's dead letters are sent again, as if they had just been received. They
leave their file; those that are given up once more come back.
` + aboutActions},
}

func actionCommand(at *admin, action struct{ name, short, long string }) *cobra.Command {
	cmd := &cobra.Command{
		Use:   action.name + " <name>",
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
		text := number(int64(d.Undone), "event", "events")
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
