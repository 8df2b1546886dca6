package cli

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/inspectorkey"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/status"
)

func inspectCommand(readConfig ReadConfig) *cobra.Command {
	at := admin{readConfig: readConfig}
	open := false
	cmd := &cobra.Command{
		Use:   "inspect",
		Short: "Prints the address of the inspector, with the key that opens it",
		Long: `
Prints the address of the inspector, a page in the browser, with the key that opens
it. Whoever has the key sees what the inspector shows, and can do what it can: pass it
on as you would a password.

Run it as the user that Caddy runs as, with the same environment, or as root: the key
is in webhook_receiver/inspector.key in Caddy's data directory. It is made if there is
none. To have a new one, remove the file.

With --open the page is opened in the browser. Other users of the machine can see the
arguments of programs, so the browser gets a file that only its owner can read, and
that leads to the page. It is removed when the command ends, after 30 seconds.
` + aboutAddress + `

Exit status: 0; 1 if there is no inspector, the key can't be read or made, or the
browser can't be opened.`,
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
			if err := at.decode(answer, &report); err != nil {
				return err
			}
			if len(report.Inspectors) == 0 {
				return errors.New("there is no webhook_inspector in the config of the running Caddy: add one to a site, such as webhook_inspector /inspect*, and reload")
			}
			key, err := inspectorkey.Get()
			if err != nil {
				return fmt.Errorf("the inspector's key can't be read, nor made: %w; run this as the user that Caddy runs as", err)
			}
			pages := pagesOf(report.Inspectors)
			for _, p := range pages {
				if p.address == "" {
					c.printf("%s  (%s; add #key=%s to its address)\n", sanitize(p.site), p.remark, key)
					continue
				}
				if p.remark != "" {
					c.note("%s: %s", p.address, p.remark)
				}
				c.printf("%s#key=%s\n", sanitize(p.address), key)
			}
			if open {
				best := slices.IndexFunc(pages, func(p page) bool { return p.address != "" && p.remark == "" })
				if best < 0 {
					best = slices.IndexFunc(pages, func(p page) bool { return p.address != "" })
				}
				if best < 0 {
					return errors.New("the config does not tell the page's address, so it can't be opened")
				}
				if err := openPage(cmd.Context(), pages[best].address+"#key="+key); err != nil {
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

// page is the page of an inspector, as far as its site tells.
type page struct {
	site, address, remark string // the address is empty where it is not known
}

// pagesOf returns the pages of sites.
func pagesOf(sites []string) (pages []page) {
	for _, site := range sites {
		p := pageAt(site)
		same := slices.IndexFunc(pages, func(other page) bool { return p.address != "" && other.address == p.address })
		switch {
		case same < 0:
			pages = append(pages, p)
		case p.remark == "": // such as of /inspect/*, where /inspect was before
			pages[same] = p
		}
	}
	return pages
}

func pageAt(site string) page {
	p := page{site: site, remark: "which address that is, only the config's author knows"}
	u, ok := status.ParseSite(site)
	if !ok || u.Scheme != "http" && u.Scheme != "https" || strings.Contains(site, " ") || strings.Contains(u.Host, "*") {
		return p
	}
	if host := u.Hostname(); host == "" || net.ParseIP(host).IsUnspecified() { // any
		u.Host = net.JoinHostPort("localhost", u.Port())
		if u.Port() == "" {
			u.Host = "localhost"
		}
	}
	p.remark = ""
	switch {
	case u.Scheme == "http" && !inspectorkey.IsHere(u.Host):
		p.remark = "over plain HTTP the key is taken at localhost only; reach it there, as with ssh -L"
	case !strings.HasSuffix(site, "*"):
		p.remark = "the page needs what is below this path, too: let the inspector's matcher end in *"
	}
	p.address = u.String()
	if !strings.HasSuffix(p.address, "/") {
		p.address += "/"
	}
	return p
}
