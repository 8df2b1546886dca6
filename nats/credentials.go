package natsoutput

import (
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

// connectionKey is what identifies a cluster, and how to get into it. It holds
// secrets.
type connectionKey struct {
	servers                           string // URLs, sorted, separated by commas
	credentials, nkey                 string
	user, password, token             string
	tls                               bool
	authorities, certificate, certKey string
}

// connectionKey evaluates the options that have to do with the connection. Its
// errors hold no value that may be a secret.
func (o *Output) connectionKey() (key connectionKey, err error) {
	if len(o.Servers) == 0 {
		return key, errors.New("servers: at least one is required")
	}
	servers := make([]string, len(o.Servers))
	for i, server := range o.Servers {
		if servers[i], err = secret.Resolve(server); err == nil {
			servers[i], err = checkServer(servers[i])
		}
		if err != nil {
			return key, fmt.Errorf("servers: number %d: %w", i+1, err)
		}
	}
	slices.Sort(servers)
	key.servers = strings.Join(slices.Compact(servers), ",")

	var tls TLS
	if key.tls = o.TLS != nil; key.tls {
		tls = *o.TLS
	}
	if (tls.Cert == "") != (tls.Key == "") {
		return key, errors.New("tls: cert and key must be given together")
	}
	if (o.User == "") != (o.Password == "") {
		return key, errors.New("user: name and password must be given together")
	}
	kinds := 0
	for _, option := range []struct {
		name, value string
		isKind      bool // of credentials
		isFile      bool
		target      *string
	}{
		{"credentials", o.Credentials, true, true, &key.credentials},
		{"nkey", o.NKey, true, true, &key.nkey},
		{"user", o.User, true, false, &key.user},
		{"user's password", o.Password, false, false, &key.password},
		{"token", o.Token, true, false, &key.token},
		{"tls ca", tls.CA, false, true, &key.authorities},
		{"tls cert", tls.Cert, false, true, &key.certificate},
		{"tls key", tls.Key, false, true, &key.certKey},
	} {
		if option.value == "" {
			continue
		}
		if option.isKind {
			kinds++
		}
		if *option.target, err = secret.Resolve(option.value); err == nil && option.isFile {
			err = checkReadable(*option.target)
		}
		if err != nil {
			return key, fmt.Errorf("%s: %w", option.name, err)
		}
	}
	if kinds > 1 {
		return key, errors.New("only one of credentials, nkey, user and token can be given")
	}
	return key, nil
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

func checkReadable(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	return f.Close()
}

// hosts returns the servers for people: without passwords.
func (k connectionKey) hosts() (hosts []string) {
	for server := range strings.SplitSeq(k.servers, ",") {
		if u, err := url.Parse(server); err == nil {
			hosts = append(hosts, u.Scheme+"://"+u.Host)
		}
	}
	return hosts
}

// options returns what the key says of how to connect. Files are read again for
// each connection, but for the nkey's.
func (k connectionKey) options() (options []nats.Option, err error) {
	switch {
	case k.credentials != "":
		contents, err := os.ReadFile(k.credentials)
		if err == nil {
			_, err = nkeys.ParseDecoratedNKey(contents)
		}
		if err != nil {
			return nil, fmt.Errorf("credentials %q: %w", k.credentials, err)
		}
		options = append(options, nats.UserCredentials(k.credentials))
	case k.nkey != "":
		option, err := nats.NkeyOptionFromSeed(k.nkey)
		if err != nil {
			return nil, fmt.Errorf("nkey %q: %w", k.nkey, err)
		}
		options = append(options, option)
	case k.user != "":
		options = append(options, nats.UserInfo(k.user, k.password))
	case k.token != "":
		options = append(options, nats.Token(k.token))
	}
	if k.tls {
		options = append(options, nats.Secure())
	}
	if k.authorities != "" {
		options = append(options, nats.RootCAs(k.authorities))
	}
	if k.certificate != "" {
		options = append(options, nats.ClientCert(k.certificate, k.certKey))
	}
	return options, nil
}
