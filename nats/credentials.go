package natsoutput

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/secret"
)

// access is a cluster, and how to get into it. It holds secrets.
type access struct {
	servers                           string // URLs, sorted, separated by commas
	credentials, nkey                 string
	user, password, token             string
	tls                               bool
	authorities, certificate, certKey string
	contents                          map[string]string // of these files, when the config was loaded
}

// connectionKey tells accesses apart without holding a secret.
type connectionKey [sha256.Size]byte

// key counts what the files hold: after a reload, what has changed in them holds.
func (a access) key() connectionKey { return sha256.Sum256(fmt.Appendf(nil, "%#v", a)) }

// check returns what is wrong with the options, as far as it can be told before
// placeholders are evaluated. It begins with the option's name, and quotes no secret.
func (o *Output) check() error {
	if len(o.Servers) == 0 {
		return errors.New("servers: at least one is required, as in servers nats://nats-1.internal:4222")
	}
	for i, server := range o.Servers {
		if strings.Contains(server, "{") {
			continue
		}
		if _, err := checkServer(server); err != nil {
			return fmt.Errorf("servers: number %d: %w", i+1, err)
		}
	}
	if !strings.Contains(o.Subject, "{env.") && !strings.Contains(o.Subject, "{file.") {
		if _, err := parseSubject(o.Subject); err != nil {
			return err
		}
	}
	if (o.User == "") != (o.Password == "") {
		return errors.New("user: name and password must be given together")
	}
	var given []string
	for _, kind := range []struct{ name, value string }{{"credentials", o.Credentials}, {"nkey", o.NKey}, {"user", o.User}, {"token", o.Token}} {
		if kind.value != "" {
			given = append(given, kind.name)
		}
	}
	if len(given) > 1 {
		return fmt.Errorf("%s: only one of credentials, nkey, user and token can be given, and there is %s, too: take one of them out",
			given[1], given[0])
	}
	if err := o.TLS.check(); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	return nil
}

func (t *TLS) check() error {
	switch {
	case t == nil:
		return nil
	case t.Cert != "" && t.Key == "":
		return errors.New("cert and key must be given together: there is no key")
	case t.Cert == "" && t.Key != "":
		return errors.New("key and cert must be given together: there is no cert")
	}
	return nil
}

// access evaluates the options that have to do with the connection. Its errors
// hold no value that may be a secret.
func (o *Output) access() (a access, err error) {
	a.contents = make(map[string]string)
	servers := make([]string, len(o.Servers))
	for i, server := range o.Servers {
		if servers[i], err = secret.Resolve(server); err == nil {
			servers[i], err = checkServer(servers[i])
		}
		if err != nil {
			return a, fmt.Errorf("servers: number %d: %w", i+1, err)
		}
	}
	slices.Sort(servers)
	a.servers = strings.Join(slices.Compact(servers), ",")

	var tls TLS
	if a.tls = o.TLS != nil; a.tls {
		tls = *o.TLS
	}
	for _, option := range []struct {
		name, value string
		isFile      bool
		target      *string
	}{
		{"credentials", o.Credentials, true, &a.credentials},
		{"nkey", o.NKey, true, &a.nkey},
		{"user", o.User, false, &a.user},
		{"user's password", o.Password, false, &a.password},
		{"token", o.Token, false, &a.token},
		{"tls ca", tls.CA, true, &a.authorities},
		{"tls cert", tls.Cert, true, &a.certificate},
		{"tls key", tls.Key, true, &a.certKey},
	} {
		if option.value == "" {
			continue
		}
		if *option.target, err = secret.Resolve(option.value); err == nil && option.isFile {
			var contents []byte
			contents, err = os.ReadFile(*option.target)
			a.contents[*option.target] = string(contents)
		}
		if err != nil {
			return a, fmt.Errorf("%s: %w", option.name, err)
		}
	}
	return a, nil
}

// checkServer returns the URL with a scheme. The URL may hold a password.
func checkServer(server string) (string, error) {
	if !strings.Contains(server, "://") {
		server = "nats://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || strings.Contains(server, ",") {
		return "", errors.New("must be a URL such as nats://host:4222")
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
		return server, nil
	}
	return "", fmt.Errorf("scheme %q: must be nats, tls, ws or wss", u.Scheme)
}

// hosts returns the servers for people: without passwords.
func (a access) hosts() (hosts []string) {
	for server := range strings.SplitSeq(a.servers, ",") {
		if u, err := url.Parse(server); err == nil {
			hosts = append(hosts, u.Scheme+"://"+u.Host)
		}
	}
	return hosts
}

// options returns how to connect. Files are read again for each connection,
// except the nkey's: a connection's public key can't change with it.
func (a access) options() (options []nats.Option, err error) {
	switch {
	case a.credentials != "":
		contents, err := os.ReadFile(a.credentials)
		if err == nil {
			_, err = nkeys.ParseDecoratedNKey(contents)
		}
		if err != nil {
			return nil, fmt.Errorf("credentials %q: %w", a.credentials, err)
		}
		options = append(options, nats.UserCredentials(a.credentials))
	case a.nkey != "":
		pair, err := nkeys.ParseDecoratedNKey([]byte(a.contents[a.nkey]))
		var public string
		if err == nil {
			public, err = pair.PublicKey()
		}
		if err == nil && !nkeys.IsValidPublicUserKey(public) {
			err = errors.New("is not the seed of a user")
		}
		if err != nil {
			return nil, fmt.Errorf("nkey %q: %w", a.nkey, err)
		}
		options = append(options, nats.Nkey(public, pair.Sign))
	case a.user != "":
		options = append(options, nats.UserInfo(a.user, a.password))
	case a.token != "":
		options = append(options, nats.Token(a.token))
	}
	if a.tls {
		options = append(options, nats.Secure())
	}
	if a.authorities != "" {
		options = append(options, nats.RootCAs(a.authorities))
	}
	if a.certificate != "" {
		options = append(options, nats.ClientCert(a.certificate, a.certKey))
	}
	return options, nil
}
