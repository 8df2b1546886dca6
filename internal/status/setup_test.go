package status

import "testing"

// TestAddress is what is to be entered at the service: public_url, else a site of which all is known.
func TestAddress(t *testing.T) {
	const base, full = "https://public.example.com", "https://public.example.com/in?x=1"
	for name, test := range map[string]struct {
		public string // base: only scheme and host
		sites  []string
		want   Address
	}{
		"public_url":                   {full, []string{"https://a.example.com/hooks"}, Address{full, FromPublicURL}},
		"public_url, and no site":      {full, nil, Address{full, FromPublicURL}},
		"base":                         {base, []string{"http://10.0.0.1:8080/hooks*"}, Address{base + "/hooks", FromPublicURL}},
		"base with a slash":            {base + "/", []string{"http://a/hooks"}, Address{base + "/hooks", FromPublicURL}},
		"base, any host":               {base, []string{"http://:8080/hooks/*"}, Address{base + "/hooks/", FromPublicURL}},
		"base, a wildcard host":        {base, []string{"https://*.example.com/hooks"}, Address{base + "/hooks", FromPublicURL}},
		"base, escaped":                {base, []string{"http://a/a%2Fb%20c"}, Address{base + "/a%2Fb%20c", FromPublicURL}},
		"base, a socket":               {base, []string{"unix//run/caddy.sock /hooks*"}, Address{base + "/hooks", FromPublicURL}},
		"base, a socket with a host":   {base, []string{"unix//run/caddy.sock a.example.com/hooks"}, Address{base + "/hooks", FromPublicURL}},
		"base, the path is open":       {base, []string{"http://a/*/hooks", "http://a/x*.php", "http://a/[ab]", "http://a/{env.P}", "http://a/x?y"}, Address{"", FromNobody}},
		"base, one path is known":      {base, []string{"http://a/*/hooks", "http://a/hooks"}, Address{base + "/hooks", FromPublicURL}},
		"base, no site":                {base, nil, Address{"", FromNobody}},
		"site":                         {"", []string{"https://a.example.com/hooks"}, Address{"https://a.example.com/hooks", FromSite}},
		"site, all paths":              {"", []string{"https://a.example.com:8443/*"}, Address{"https://a.example.com:8443/", FromSite}},
		"site, IPv6":                   {"", []string{"http://[2001:db8::1]:8080/x"}, Address{"http://[2001:db8::1]:8080/x", FromSite}},
		"HTTPS is better":              {"", []string{"http://a.example.com/", "https://b.example.com/", "https://c.example.com/"}, Address{"https://b.example.com/", FromSite}},
		"HTTP, if there is no other":   {"", []string{"http://a.example.com/", "http://b.example.com/", "https://*.example.com/"}, Address{"http://a.example.com/", FromSite}},
		"any host":                     {"", []string{"http://:8080/x", "https:///x", "http://0.0.0.0:8080/x", "http://[::]:8080/x"}, Address{"", FromNobody}},
		"a wildcard host":              {"", []string{"https://*.example.com/x"}, Address{"", FromNobody}},
		"a placeholder":                {"", []string{"https://{env.HOST}/x", "https://a.example.com/{env.P}"}, Address{"", FromNobody}},
		"a socket":                     {"", []string{"unix//run/caddy.sock a.example.com/x"}, Address{"", FromNobody}},
		"what is no URL":               {"", []string{"https://a b/%zz", "://", ""}, Address{"", FromNobody}},
		"no site":                      {"", nil, Address{"", FromNobody}},
		"a wildcard, and one is known": {"", []string{"https://*.example.com/x", "https://a.example.com/x"}, Address{"https://a.example.com/x", FromSite}},
	} {
		r := &Receiver{PublicURL: test.public, PublicBase: test.public != full, Sites: func() []string { return test.sites }}
		if got := r.Address(); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// TestCertificatesAreOfTheSites that the receiver has.
func TestCertificatesAreOfTheSites(t *testing.T) {
	const site = "https://a.example.com/x"
	r := receiver(t, site)
	if got := reportOf(t, site); got.Certificates == nil || len(got.Certificates) != 0 {
		t.Errorf("of nobody who knows: %#v", got.Certificates)
	}
	r.Certificates = func(sites []string) []Certificate { return []Certificate{{Host: sites[0], State: CertificateNone}} }
	if got := reportOf(t, site); len(got.Certificates) != 1 || got.Certificates[0].Host != site || got.Address != (Address{site, FromSite}) {
		t.Errorf("%+v", got)
	}
}
