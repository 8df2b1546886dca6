package inspectorkey

import "testing"

func TestIsHere(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LocalHost.": true, "inspect.localhost": true, "127.1.2.3": true, "127.0.0.1:80": true,
		"::1": true, "[::1]": true, "[::1]:8080": true, "::ffff:127.0.0.1": true,
		"": false, ":8080": false, "0.0.0.0": false, "::": false, "localhost.example.com": false, "notlocalhost": false, "127.0.0.1.example.com": false, "[2001:db8::1]:80": false,
	} {
		if IsHere(host) != want {
			t.Errorf("%q: %t", host, !want)
		}
	}
}
