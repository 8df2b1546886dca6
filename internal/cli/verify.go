package cli

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/reader"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/recheck"
)

// Checkers returns a checker of stored signatures: for a provider by its name, for the
// receivers in a config, or for all providers that sign.
type Checkers func(provider, config string, secrets []string) (*recheck.Checker, error)

func verifyCommand(providers []string, checkers Checkers) *cobra.Command {
	var secrets []string
	var provider, config string
	cmd := &cobra.Command{
		Use:   "verify <file|directory>...",
		Short: "Checks the signatures of stored events again",
		Long: `
Checks the signatures of stored events again, with the time of receipt as now, and asks
nobody. It says how many fit one of the secrets, how many fit none, and how many can't
be checked, and why: they have no signature; a header field that is needed was not
stored ("headers none", or an earlier version); or it is a token, which is redacted.

By default any service that is known may have signed them. --provider names one.
--config takes the receivers of a config, with their rules and secrets, and with the
secrets that they have learnt, if Caddy's storage can be read.

Of a service whose keys are fetched, the key that an event names is looked for in
Caddy's storage, and in the file that the receiver has for them (keys).

Give the secret as WEBHOOK_SECRET in the environment: others can see the arguments of
commands.
` + aboutFiles + `

Exit status: 0; 1 if an event fits no secret, or a file can't be read to its end.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if secret := os.Getenv("WEBHOOK_SECRET"); len(secrets) == 0 && secret != "" {
				secrets = []string{secret}
			}
			if slices.Contains(secrets, "") {
				return errors.New("--secret: is empty")
			}
			if provider != "" && config != "" {
				return errors.New("--provider and --config: only one of them")
			}
			if len(secrets) == 0 && config == "" && provider == "" {
				return errors.New("--secret: is needed (or WEBHOOK_SECRET in the environment, or --config with a receiver that has it)")
			}
			checker, err := checkers(provider, config, secrets)
			if err != nil {
				return err
			}
			return verify(cmd.Context(), newConsole(cmd), checker, args)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&secrets, "secret", nil, "A `secret` for signatures; may be repeated (default $WEBHOOK_SECRET)")
	flags.StringVar(&provider, "provider", "", "Only the service with this `name` signs (default any)")
	flags.StringVar(&config, "config", "", "Check by the receivers in this `file`: a Caddyfile, or JSON if it ends in .json")
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(providers, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func verify(ctx context.Context, c *console, checker *recheck.Checker, args []string) error {
	var counts [recheck.Unchecked + 1]int64
	unchecked := map[string]int64{} // by the reason
	err := eachEvent(ctx, c, args, reader.Query{}, func(e *reader.Event) error {
		verdict, reason := checker.Check(e)
		counts[verdict]++
		switch {
		case verdict == recheck.Unchecked:
			unchecked[reason.Error()]++
		case verdict == recheck.Misfits && counts[verdict] <= maxProblems:
			c.note("event %s of %s: %v", e.ID, e.TimeText, reason)
		}
		return nil
	})
	c.printf("%12s fit\n%12s fit no secret\n%12s can't be checked\n", humanize.Comma(counts[recheck.Fits]), humanize.Comma(counts[recheck.Misfits]), humanize.Comma(counts[recheck.Unchecked]))
	for _, reason := range sortedKeys(unchecked) {
		c.printf("%12s   %s\n", humanize.Comma(unchecked[reason]), sanitize(reason))
	}
	switch {
	case err != nil:
		return err
	case counts[recheck.Misfits] > 0:
		return errors.New(number(counts[recheck.Misfits], "event fits no secret", "events fit no secret"))
	}
	return c.failed
}

// sortedKeys returns the keys of a map in their order.
func sortedKeys[M ~map[string]V, V any](m M) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// eachEvent calls do for each event that is wanted, those of several journals by their
// times.
func eachEvent(ctx context.Context, c *console, args []string, q reader.Query, do func(*reader.Event) error) error {
	journals, err := reader.Resolve(args)
	if err != nil {
		journals.Close()
		return err
	}
	defer journals.Close()
	unreadable := &unreadable{note: c.note}
	scan := reader.Scan{Journals: journals, Query: q, Failed: unreadable.add}
	err = scan.Run(ctx, func(f *reader.Found) error {
		if f.Kind == reader.Stored {
			return do(f.Event)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return unreadable.err()
}
