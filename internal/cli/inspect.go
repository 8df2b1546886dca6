package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/inspectorkey"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func inspectCommand(readConfig ReadConfig) *cobra.Command {
	at := admin{readConfig: readConfig}
	open := false
	cmd := &cobra.Command{
		Use:   "inspect [--address <address>] [--config <file>] [--open]",
		Short: "Prints the address of the inspector, a page in the browser, with its key",
		Long: `
Asks the running Caddy where its inspector is, and prints the address with the key
that opens it, in the fragment, which browsers send to nobody. Whoever has the
key sees what the inspector shows, and can do what it can: pass it on as you would
a password. It is in webhook_receiver/inspector.key in Caddy's data directory, so run
this as the user that Caddy runs as, or as root with its environment. To have a new
one, remove the file.

With --open the page is opened in the browser.

The address is found as by caddy reload.`,
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
			var report status.Report
			if err := json.Unmarshal(answer, &report); err != nil {
				return fmt.Errorf("the answer of %s is none: %w", at.address, err)
			}
			if len(report.Inspectors) == 0 {
				return errors.New("there is no webhook_inspector in the config of the running Caddy: add one to a site, such as webhook_inspector /inspect*, and reload")
			}
			key, err := inspectorkey.Get()
			if err != nil {
				return fmt.Errorf("the inspector's key can't be read, nor made: %w; run this as the user that Caddy runs as", err)
			}
			var first string
			for _, site := range report.Inspectors {
				page, remark := pageAt(site)
				if page == "" {
					c.printf("%s  (%s; add #key=%s to its address)\n", sanitize(site), remark, key)
					continue
				}
				if remark != "" {
					c.note("%s: %s", sanitize(page), remark)
				}
				page += "#key=" + key
				c.printf("%s\n", sanitize(page))
				if first == "" {
					first = page
				}
			}
			if open && first != "" {
				if err := openBrowser(first); err != nil {
					return fmt.Errorf("the browser can't be opened: %w", err)
				}
			}
			return c.failed
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&open, "open", false, "Open the page in the browser")
	return cmd
}

// pageAt returns the address of a page of an inspector, as far as its site tells that.
func pageAt(site string) (page, remark string) {
	u, err := url.Parse(strings.TrimRight(site, "*"))
	if err != nil || strings.Contains(u.Path, "*") || strings.Contains(u.Host, "*") || strings.Contains(site, " ") || u.Scheme != "http" && u.Scheme != "https" {
		return "", "which address that is, only the config's author knows"
	}
	if host := u.Hostname(); host == "" || net.ParseIP(host).IsUnspecified() { // any
		u.Host = net.JoinHostPort("localhost", u.Port())
		if u.Port() == "" {
			u.Host = "localhost"
		}
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	if host := u.Hostname(); u.Scheme == "http" && host != "localhost" && !strings.HasSuffix(host, ".localhost") && !net.ParseIP(host).IsLoopback() {
		remark = "over plain HTTP the key is taken at localhost only; reach it there, as with ssh -L"
	}
	return u.String(), remark
}

// openBrowser has the system open an address. A variable for tests.
var openBrowser = func(address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	return exec.Command(name, args...).Start()
}
