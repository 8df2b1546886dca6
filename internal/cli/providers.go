package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/expect"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/provider"
)

func providersCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "providers [<word>]",
		Short: "Lists the services that are known, or says what one of them needs",
		Long: `
Lists the services that "provider <name>" can stand for, by kind. A word limits the
list to those that have it in their name, title or kind.

Of one service it says how it verifies the endpoint, how it signs, what to know, and
which Caddyfile it needs: with its name, or if only one has the word.

Exit status: 0; 1 if no service has the word.`,
		Example: "  caddy webhook providers\n  caddy webhook providers payments\n  caddy webhook providers stripe",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listProviders(cmd.OutOrStdout(), provider.Rows)
			}
			if row, err := provider.Named(strings.ToLower(args[0])); err == nil {
				return describeProvider(cmd.OutOrStdout(), row)
			}
			switch found := providersWith(args[0]); len(found) {
			case 0:
				return fmt.Errorf("%s: no provider has that in its name, title or kind; any service can be described with provider %s", expect.Quote(args[0]), provider.Generic)
			case 1:
				return describeProvider(cmd.OutOrStdout(), found[0])
			default:
				return listProviders(cmd.OutOrStdout(), found)
			}
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, row := range provider.Rows {
				names = append(names, row.Name+"\t"+row.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// providersWith returns those that have a word in what is said of them in the list.
func providersWith(word string) (found []provider.Row) {
	word = strings.ToLower(word)
	for _, row := range provider.Rows {
		text := strings.ToLower(strings.Join(append([]string{row.Name, row.Title, string(row.Kind)}, row.Aliases...), "\n"))
		if strings.Contains(text, word) {
			found = append(found, row)
		}
	}
	return found
}

func listProviders(w io.Writer, rows []provider.Row) error {
	var b strings.Builder
	for _, kind := range provider.Kinds {
		title := string(kind) + "\n"
		for _, row := range rows {
			if row.Kind == kind {
				fmt.Fprintf(&b, "%s  %-24s %s\n", title, row.Name, row.Title)
				title = ""
			}
		}
	}
	fmt.Fprintf(&b, "%d providers; caddy webhook providers <name> says what one needs.\n", len(rows))
	_, err := io.WriteString(w, b.String())
	return err
}

func describeProvider(w io.Writer, row provider.Row) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%s\n", row.Name, row.Title, row.Docs)
	if row.Note != "" {
		fmt.Fprintf(&b, "\n%s\n", plainText(row.Note))
	}
	b.WriteByte('\n')
	for _, property := range row.Properties() {
		fmt.Fprintf(&b, "%-20s  %s\n", plainText(property.Name), plainText(property.Text))
	}
	fmt.Fprintf(&b, "\n%s", row.Caddyfile())
	_, err := io.WriteString(w, b.String())
	return err
}

// markup is that of Markdown which stands in what is said of providers.
var markup = regexp.MustCompile("\\*([^*\n]+)\\*|\\[([^]]+)\\]\\(([^)]+)\\)")

// plainText returns Markdown without its markup. What stands in backquotes stays as it is.
func plainText(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = markup.ReplaceAllString(parts[i], "$1$2")
	}
	return strings.Join(parts, "")
}
