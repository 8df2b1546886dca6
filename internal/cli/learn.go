package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/learn"
)

// learnEvery is how often it is asked whether a secret has come. A variable for tests.
var learnEvery = time.Second

func learnCommand(readConfig ReadConfig) *cobra.Command {
	at := &admin{readConfig: readConfig}
	var list, forget bool
	cmd := &cobra.Command{
		Use:   "learn <receiver>",
		Short: "Has a receiver take the secret that its service makes and sends itself",
		Long: `
Has a receiver take the secret that its service makes itself, and sends once, when
the webhook is set up: Asana and Notion do so. Anybody can send one, so it is taken
only while this command waits, and kept only after you have said yes.

1. It waits for ten minutes. Set the webhook up at the service meanwhile.
2. The first secret that comes ends the waiting. It shows who has sent it, and asks
   whether to keep it. Until you answer, within ten minutes, events that are signed
   with it are answered 503, and come again.
3. A secret that is kept is shown once, for services that want it back, such as Notion.

It counts from then on, beside those of the config and those that were learnt before.
It is in Caddy's storage, and lasts over reloads and restarts.

The answer is a line of the standard input; all except y and yes is no.
` + aboutAddress + `

Exit status: 0 if the secret was kept, or --list or --forget did what they say; else 1.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("for which receiver? Give its name, as caddy webhook status shows it")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if list && forget {
				return errors.New("--list and --forget: only one of them")
			}
			if err := at.resolve(); err != nil {
				return err
			}
			l := &learner{console: newConsole(cmd), at: at, path: "learn/" + url.PathEscape(args[0]), answers: bufio.NewReader(cmd.InOrStdin())}
			now, err := l.get()
			switch {
			case err != nil:
				return err
			case list:
				l.list(now)
				return l.failed
			case forget:
				return l.forget(now)
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return l.learn(ctx)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&list, "list", false, "Only show which secrets were learnt, by their times")
	cmd.Flags().BoolVar(&forget, "forget", false, "Forget all secrets that were learnt, after a question")
	return cmd
}

// learner has one receiver learn a secret.
type learner struct {
	*console
	at      *admin
	path    string
	answers *bufio.Reader
}

// learnt is how a receiver stands that learns its secrets.
type learnt struct {
	Receiver  string        `json:"receiver"`
	Provider  string        `json:"provider"`
	Learnt    []time.Time   `json:"learnt"`
	Window    *learn.Window `json:"window"`
	Secret    string        `json:"secret"`
	Forgotten int           `json:"forgotten"`
}

func (l *learner) get() (*learnt, error) { return l.decoded(l.at.get(l.path)) }

func (l *learner) post(action string) (*learnt, error) {
	return l.decoded(l.at.post(l.path + "/" + action))
}

func (l *learner) decoded(answer []byte, err error) (*learnt, error) {
	if err != nil {
		return nil, err
	}
	now := new(learnt)
	return now, l.at.decode(answer, now)
}

func (l *learner) list(now *learnt) {
	if len(now.Learnt) == 0 {
		l.printf("%s: no secret was learnt\n", sanitize(now.Receiver))
	}
	for _, at := range now.Learnt {
		l.printf("%s: a secret was learnt %s\n", sanitize(now.Receiver), when(&at, time.Now()))
	}
}

func (l *learner) forget(now *learnt) error {
	l.list(now)
	if len(now.Learnt) == 0 {
		return l.failed
	}
	if !l.confirms("forget all of them, so that events that are signed with them are refused?") {
		return errors.New("nothing was forgotten")
	}
	now, err := l.post("forget")
	if err != nil {
		return err
	}
	l.printf("%s: %d forgotten\n", sanitize(now.Receiver), now.Forgotten)
	return l.failed
}

// learn waits for a secret, and asks whether to keep it.
func (l *learner) learn(ctx context.Context) error {
	now, err := l.post("open")
	if err != nil {
		return err
	}
	if now.Window != nil && now.Window.Candidate == nil {
		l.note("%s takes a secret of %s until %s. Set the webhook up there now.", now.Receiver, now.Provider, now.Window.Until.Local().Format("15:04:05"))
	}
	for now.Window != nil && now.Window.Candidate == nil {
		select {
		case <-ctx.Done():
			_, _ = l.post("close")
			return errors.New("no secret has come; none is taken any more")
		case <-time.After(learnEvery):
		}
		if now, err = l.get(); err != nil {
			return err
		}
	}
	if now.Window == nil {
		return errors.New("no secret has come within ten minutes, or somebody else has answered; caddy webhook refused shows what was sent")
	}
	return l.decide(ctx, now.Window.Candidate)
}

// decide asks whether to keep the secret that has come.
func (l *learner) decide(ctx context.Context, c *learn.Candidate) error {
	l.note("A secret has come:")
	l.note("  from       %s", c.ClientIP)
	l.note("  at         %s", c.Time.Local().Format(time.RFC3339))
	l.note("  user agent %s", c.UserAgent)
	l.note("Anybody can send one. Is the webhook at the service set up, without an error, just at that time?")
	yes := make(chan bool, 1)
	go func() { yes <- l.confirms("keep it?") }()
	select {
	case <-ctx.Done():
		return errors.New("the secret is not kept, and waits: run this again to be asked again")
	case isKept := <-yes:
		return l.answer(c, isKept)
	}
}

// answer says whether the secret is to be kept, and shows it then.
func (l *learner) answer(c *learn.Candidate, isKept bool) error {
	if !isKept {
		if _, err := l.post("reject?candidate=" + url.QueryEscape(c.ID)); err != nil {
			return err
		}
		return errors.New("the secret was not kept")
	}
	now, err := l.post("keep?candidate=" + url.QueryEscape(c.ID))
	if err != nil {
		return err
	}
	l.note("It is kept, and counts from now on. It is shown this once:")
	l.printf("%s\n", sanitize(now.Secret))
	return l.failed
}

// confirms asks a question. Whatever is not yes is no.
func (l *learner) confirms(question string) bool {
	_, _ = fmt.Fprintf(l.err, "%s [y/N] ", question)
	answer, _ := l.answers.ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}
