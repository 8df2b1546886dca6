//go:build unix

package e2e

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// TestDocumentsDeliver does what docs/deliver.md says, with its second Caddyfile.
func TestDocumentsDeliver(t *testing.T) {
	t.Parallel()
	document := readDocument(t, "docs/deliver.md")
	s := newServer(t)
	out, err := s.bash(document.under(t, "Signing", "sh")[0]).CombinedOutput()
	secret := strings.TrimSpace(string(out))
	if key, _ := base64.StdEncoding.DecodeString(secret); err != nil || len(key) != 24 {
		t.Fatalf("%v %q", err, out)
	}
	app := newTarget(t)
	s.env = append(s.env, "APP_SECRET="+secret, "WEBHOOK_SECRET="+rightToken, "CADDY_ADMIN="+s.admin)
	s.configure(strings.NewReplacer("hooks.example.com", "http://", "/var/lib/webhooks/", s.dir+"/", "http://localhost:3000", app.URL).
		Replace(document.under(t, "Signing", "caddyfile")[0]))
	s.start()
	commands := document.under(t, "Look and act", "sh")
	if len(commands) != 1 || strings.Count(commands[0], "\n") != 5 {
		t.Fatalf("%q", commands)
	}
	for command := range strings.Lines(commands[0]) {
		command, _, _ = strings.Cut(strings.TrimSpace(command), "  #")
		args := strings.Fields(strings.TrimPrefix(command, "caddy webhook "))
		status := 0
		if slices.Contains(args, "skip") {
			status = 1 // nothing was refused
		}
		said, notes := s.webhook(status, args...)
		if status == 0 && !strings.Contains(said, "stripe/billing") {
			t.Errorf("%s: %q", command, said+notes)
		}
	}
}
