package rules

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// schemeTest is a request that another program has signed: Python's cryptography 46 and
// hmac.
type schemeTest struct {
	name      string
	signature Signature
	secret    string
	signed    string // the header S
	headers   map[string]string
}

var schemeTests = []schemeTest{
	{"RSA-PSS", Signature{Algorithm: "rsa-pss-sha256", From: []Source{"header:S"}, Encoding: "base64"}, `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnJMok2TiAPXDz3DhyjWfj1ak2UtXnC7WFwKbQMlq0U5WohhGFjTxKHL6sb3RMG2rqAVvSSk79PY7ZB7yFzQJOqRfsaEMePaFiySui08yNn4WBlILj50yjvDcZxHnmNKhkO1+UnYzL9iILAK4OUzD9y1H296hZkgy/DKgDom6pKcnRqdS2Vr1h5ZCQdBAoszHsc2GXnrJxbegcIpBnrqsG6qbfQoczT7cmjEFjglqUGGYqnMZ0pt+Ib0u8tlpRIEd1Gezs0NbEYfD9IUaZL1K4C3SmpIWeGQzZ+iuLDkwyetKGQyxIUybQ1kCaDb2Z8lK6sdYGJzKkq1o9B8drk6ddwIDAQAB`, `VcoHWFjjY7BqwY/dM7G7maFVyDzAy2Olly6amq+MnKp1MHC4H7oq1hAv/yZlU/n/6pEhj/SsdfB5y3dIUuK8yx8Il17TmC001rjCvmJOQp+7fXfEh2rL2aspJTMr47rscJhjtV+6xf1YBNeRnfH7euoQNRrfiagxFdh8JpPbE6zVkvgusol0jLmsQa8GpguXyGqo27hhV0PtCXg3/2DLGlBlrx1tLUM133LGd1iRqpgTyfh2DLwr7TAFZqN/9pGUm4DrSTS35XSj7PAUFsBDMI6z+lb3px5TF3sann0+Ybw2p/GMdTznbPgVhhu2//fnJzo1EZVvZ+89HpBc8io2XQ==`, map[string]string{}},
	{"RSA-PSS, a salt as long as the hash", Signature{Algorithm: "rsa-pss-sha256", From: []Source{"header:S"}, Encoding: "base64"}, `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnJMok2TiAPXDz3DhyjWfj1ak2UtXnC7WFwKbQMlq0U5WohhGFjTxKHL6sb3RMG2rqAVvSSk79PY7ZB7yFzQJOqRfsaEMePaFiySui08yNn4WBlILj50yjvDcZxHnmNKhkO1+UnYzL9iILAK4OUzD9y1H296hZkgy/DKgDom6pKcnRqdS2Vr1h5ZCQdBAoszHsc2GXnrJxbegcIpBnrqsG6qbfQoczT7cmjEFjglqUGGYqnMZ0pt+Ib0u8tlpRIEd1Gezs0NbEYfD9IUaZL1K4C3SmpIWeGQzZ+iuLDkwyetKGQyxIUybQ1kCaDb2Z8lK6sdYGJzKkq1o9B8drk6ddwIDAQAB`, `VUBDd47fSPBxA/fxGN0KrBu/XOHmcgskD/7TwQ2mJUhVFsWMMyETUpPEVgl4p73WbmdrweL2QVVhEbY/0SA2MZR050iQEKBSiYLfqMhQDwrhvUOT6BMa5AtJdifpuJSboc+BN3clQakpWbD6NLachuTwP5DnvwV9b6fJBBuca3Hbqoms0n7lSPfuc6I2FnVWB0edpDwyQ5ARnCkjidB4K4OCweZbPVX/9HojbmDqLylA/4azljZGqHSNs7DBAwJF71EAFlrjpWd6k1d1/s3w0SMI9PYtwBbBJtkiJVzKp7h3o665iqi/hTTkKf9uGPoOEyubOJOKyzDoyWx2E6gg3Q==`, map[string]string{}},
	{"RSA, SHA-512", Signature{Algorithm: "rsa-sha512", From: []Source{"header:S"}, Encoding: "base64"}, `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnJMok2TiAPXDz3DhyjWfj1ak2UtXnC7WFwKbQMlq0U5WohhGFjTxKHL6sb3RMG2rqAVvSSk79PY7ZB7yFzQJOqRfsaEMePaFiySui08yNn4WBlILj50yjvDcZxHnmNKhkO1+UnYzL9iILAK4OUzD9y1H296hZkgy/DKgDom6pKcnRqdS2Vr1h5ZCQdBAoszHsc2GXnrJxbegcIpBnrqsG6qbfQoczT7cmjEFjglqUGGYqnMZ0pt+Ib0u8tlpRIEd1Gezs0NbEYfD9IUaZL1K4C3SmpIWeGQzZ+iuLDkwyetKGQyxIUybQ1kCaDb2Z8lK6sdYGJzKkq1o9B8drk6ddwIDAQAB`, `PhxtUKb9qEjzZuIm5XI/P3oQ3a29PLGT5N1yp9GG2DhZMtXT3hIcQoTT2HhNQTgmfV54X4t1GozZsv0Es1khrbLkllFF+XuH28Mg6C3CnhRYRN8jvRJqyu89PKj5pQtxr3tmRgT+k3v2cdNE6vI/4gBn4KmnMvRFyYquqKEi+sSDaUT8oJNS8xLx5AdPYqPeFpXPLB/Cxw2l6X0zKPQ1r0nvu5pI0K2MaPMcD3XUEzmw2W7tm4CIg/Kk/TFFqPjDc4VxyRWQR6IIw2gF3J+WQJC99eP99GZERqeH/3Dq4Me27Hx72VpuOs4nEU8jlVMgsXykDqeIzqeqGmZwo8fISw==`, map[string]string{}},
	{"ECDSA, r and s", Signature{Algorithm: "ecdsa-p256-raw", From: []Source{"header:S"}}, `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuxuU4ghK9t5ZLF99wBAZ9vkcuR97a0BoVPlkHw8jbv/GjOLmrUGj7mVcFyjyW76nFKnB2Utpl7YbBAKCmvtFrA==`, `d9a94e297accfac6be5202657703e43a3e5b1edaced3036504973807d06e6edc70ca860e4600011e9a8ca530a65f2ed6cfe740995fcd3101227fa5742ea0b38b`, map[string]string{}},
	{"a token by ES256, with a JSON Web Key", Signature{Algorithm: "jwt-es256", From: []Source{"header:S"}, Prefix: "Bearer ", Claims: map[string]string{"sum": "{sha256}", "iss": "service", "aud": "{url}"}}, `{"kty": "EC", "crv": "P-256", "x": "uxuU4ghK9t5ZLF99wBAZ9vkcuR97a0BoVPlkHw8jbv8", "y": "xozi5q1Bo-5lXBco8lu-pxSpwdlLaZe2GwQCgpr7Raw", "kid": "1"}`, `bearer eyJhbGciOiAiRVMyNTYifQ.eyJpc3MiOiAic2VydmljZSIsICJzdW0iOiAiMDE1YWJkN2Y1Y2M1N2EyZGQ5NGI3NTkwZjA0YWQ4MDg0MjczOTA1ZWUzM2VjNWNlYmVhZTYyMjc2YTk3Zjg2MiIsICJhdWQiOiBbIm90aGVyIiwgImh0dHBzOi8vaG9va3MuZXhhbXBsZS5jb20vd2ViaG9va3MiXSwgImV4cCI6IDE3NjcyMjU2NjB9.TBkGHUT-cC_Ntbjb-I3rfuxdVGmGhD4OVyfzFxfQRBwtYCvwVsXeSU6vHMYIfH8Mm5fmg41ONyGqTZOWey850Q`, map[string]string{}},
	{"a token by RS256", Signature{Algorithm: "jwt-rs256", From: []Source{"header:S"}, Prefix: "Bearer ", Claims: map[string]string{"sum": "{sha256}", "iss": "service"}}, `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnJMok2TiAPXDz3DhyjWfj1ak2UtXnC7WFwKbQMlq0U5WohhGFjTxKHL6sb3RMG2rqAVvSSk79PY7ZB7yFzQJOqRfsaEMePaFiySui08yNn4WBlILj50yjvDcZxHnmNKhkO1+UnYzL9iILAK4OUzD9y1H296hZkgy/DKgDom6pKcnRqdS2Vr1h5ZCQdBAoszHsc2GXnrJxbegcIpBnrqsG6qbfQoczT7cmjEFjglqUGGYqnMZ0pt+Ib0u8tlpRIEd1Gezs0NbEYfD9IUaZL1K4C3SmpIWeGQzZ+iuLDkwyetKGQyxIUybQ1kCaDb2Z8lK6sdYGJzKkq1o9B8drk6ddwIDAQAB`, `Bearer eyJhbGciOiAiUlMyNTYifQ.eyJpc3MiOiAic2VydmljZSIsICJzdW0iOiAiMDE1YWJkN2Y1Y2M1N2EyZGQ5NGI3NTkwZjA0YWQ4MDg0MjczOTA1ZWUzM2VjNWNlYmVhZTYyMjc2YTk3Zjg2MiIsICJhdWQiOiBbIm90aGVyIiwgImh0dHBzOi8vaG9va3MuZXhhbXBsZS5jb20vd2ViaG9va3MiXX0.ixLRzR3akoniX6zMphqaPd2yu29S0nb0OwzlZnM665QFiniXCoeVzr1C3MxNvs5jhvEVFz0TM_ALoHyEk6cIFHmx9Svt50adDGeCrqBx7qZbBJCvSn2MkWj6krvy2QdZdZhJj8W474ClZ-uBYsLNHWJxDrBSoRXrB1VuwcXBqt7yrwQ--bzc-OG7q8PHe9f9OoMv6sNK5asrqQ73AfnysCBM9Z1YERtc2thq5zKmRah77C07-fqNEAu_vi2HZh2HTf9ugAmc-nKjHor8Vsk8PeowrHA05airpGEuAuUxKHQt2gOOHM16xWzU-yzxviL_mRVeP3Nkgdq2FUwfXdECHA`, map[string]string{}},
	{"a token by HS256", Signature{Algorithm: "jwt-hs256", From: []Source{"header:S"}, Prefix: "Bearer ", Claims: map[string]string{"sum": "{sha256}", "iss": "service"}}, `key`, `Bearer eyJhbGciOiAiSFMyNTYifQ.eyJpc3MiOiAic2VydmljZSIsICJzdW0iOiAiMDE1YWJkN2Y1Y2M1N2EyZGQ5NGI3NTkwZjA0YWQ4MDg0MjczOTA1ZWUzM2VjNWNlYmVhZTYyMjc2YTk3Zjg2MiIsICJhdWQiOiBbIm90aGVyIiwgImh0dHBzOi8vaG9va3MuZXhhbXBsZS5jb20vd2ViaG9va3MiXSwgIm5iZiI6IDE3NjcyMjU2MDB9.iF7apoAfKx0dQrfSt3SOjToRpvpSkxkRsDrWebSi2E8`, map[string]string{}},
	{"a token by HS384", Signature{Algorithm: "jwt-hs384", From: []Source{"header:S"}, Prefix: "Bearer ", Claims: map[string]string{"sum": "{sha256}", "iss": "service"}}, `key`, `Bearer eyJhbGciOiAiSFMzODQifQ.eyJpc3MiOiAic2VydmljZSIsICJzdW0iOiAiMDE1YWJkN2Y1Y2M1N2EyZGQ5NGI3NTkwZjA0YWQ4MDg0MjczOTA1ZWUzM2VjNWNlYmVhZTYyMjc2YTk3Zjg2MiIsICJhdWQiOiBbIm90aGVyIiwgImh0dHBzOi8vaG9va3MuZXhhbXBsZS5jb20vd2ViaG9va3MiXSwgIm5iZiI6IDE3NjcyMjU2MDB9.OQJETWr8fuBY0TPuiOur6S59cwtdaxXsaU4mgYGsF7vqrS5MjUrErdFD11Rxj-kF`, map[string]string{}},
	{"a token by HS512", Signature{Algorithm: "jwt-hs512", From: []Source{"header:S"}, Prefix: "Bearer ", Claims: map[string]string{"sum": "{sha256}", "iss": "service"}}, `key`, `Bearer eyJhbGciOiAiSFM1MTIifQ.eyJpc3MiOiAic2VydmljZSIsICJzdW0iOiAiMDE1YWJkN2Y1Y2M1N2EyZGQ5NGI3NTkwZjA0YWQ4MDg0MjczOTA1ZWUzM2VjNWNlYmVhZTYyMjc2YTk3Zjg2MiIsICJhdWQiOiBbIm90aGVyIiwgImh0dHBzOi8vaG9va3MuZXhhbXBsZS5jb20vd2ViaG9va3MiXSwgIm5iZiI6IDE3NjcyMjU2MDB9.vcO-J1_myRuT2MPXWdiLuicEhJO91nN047nwguBxTyCZL-h41BOl-huATAQcpoPbv0E0wOppt00hl4Uv0rGj_g`, map[string]string{}},
	{"detached, by ES256", Signature{Algorithm: "jws-es256", From: []Source{"header:S"}}, `{"kty": "EC", "crv": "P-256", "x": "uxuU4ghK9t5ZLF99wBAZ9vkcuR97a0BoVPlkHw8jbv8", "y": "xozi5q1Bo-5lXBco8lu-pxSpwdlLaZe2GwQCgpr7Raw", "kid": "1"}`, `eyJhbGciOiAiRVMyNTYifQ..7DS_O3LFQLK6rOeGfVeFUDw2-fB_pwpfW0z39-XvIefgwqk8SsMUTfU73NTPH0vday6LmupN751KgM6KSEe60w`, map[string]string{}},
	{"detached, by RS512", Signature{Algorithm: "jws-rs512", From: []Source{"header:S"}}, `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnJMok2TiAPXDz3DhyjWfj1ak2UtXnC7WFwKbQMlq0U5WohhGFjTxKHL6sb3RMG2rqAVvSSk79PY7ZB7yFzQJOqRfsaEMePaFiySui08yNn4WBlILj50yjvDcZxHnmNKhkO1+UnYzL9iILAK4OUzD9y1H296hZkgy/DKgDom6pKcnRqdS2Vr1h5ZCQdBAoszHsc2GXnrJxbegcIpBnrqsG6qbfQoczT7cmjEFjglqUGGYqnMZ0pt+Ib0u8tlpRIEd1Gezs0NbEYfD9IUaZL1K4C3SmpIWeGQzZ+iuLDkwyetKGQyxIUybQ1kCaDb2Z8lK6sdYGJzKkq1o9B8drk6ddwIDAQAB`, `eyJhbGciOiAiUlM1MTIifQ..QuSNh3YpClMj76hbjGVtA2xjMMdOst_hPytzh3E8Hcld4RmXmKvU8jKaNHiYbYJ8k492miCCKa4tRAF-9VdFAkmB5IRSlPxIiZkFs3vnhWyer1DJn5PVg9WAfIUzLPpEJ9T7Kk1vC--CzCZC8ZDWMNhihIiZijuL3_Azk0lFGiJxoaQfg0xzj6Jr7c7Ds84CZ-Kb1Xdzi0PsPnx69OjN5y5SFrLoMw081gs1IP7sxS7fiRmcOY30QHphW41zsKIlx0F9bsYuiT8UqM6e4KIQn8SCccS8A7Dohy3Wqf7c7ve8cxrd6pXWYuJ2TXXm4NfhH3wAJMx8c6VMws4bjBMLqg`, map[string]string{}},
	{"detached, by Ed25519", Signature{Algorithm: "jws-ed25519", From: []Source{"header:S"}}, `MCowBQYDK2VwAyEAL5YXKvH4ROCtDgv50bGuWBCkBBw5+VLC3IMOV2mgdRg=`, `eyJhbGciOiAiRWREU0EifQ..iiB3xXvFwcNGTto09zZz-R0YFSY6-apjEVB31XFRzUNbkX51CIP8RIz0BB1NvLsLdUkeq2gmQADrWC-CsbYJBQ`, map[string]string{}},
	{"detached, not encoded", Signature{Algorithm: "jws-rs256", From: []Source{"header:S"}}, `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnJMok2TiAPXDz3DhyjWfj1ak2UtXnC7WFwKbQMlq0U5WohhGFjTxKHL6sb3RMG2rqAVvSSk79PY7ZB7yFzQJOqRfsaEMePaFiySui08yNn4WBlILj50yjvDcZxHnmNKhkO1+UnYzL9iILAK4OUzD9y1H296hZkgy/DKgDom6pKcnRqdS2Vr1h5ZCQdBAoszHsc2GXnrJxbegcIpBnrqsG6qbfQoczT7cmjEFjglqUGGYqnMZ0pt+Ib0u8tlpRIEd1Gezs0NbEYfD9IUaZL1K4C3SmpIWeGQzZ+iuLDkwyetKGQyxIUybQ1kCaDb2Z8lK6sdYGJzKkq1o9B8drk6ddwIDAQAB`, `eyJhbGciOiAiUlMyNTYiLCAiYjY0IjogZmFsc2UsICJjcml0IjogWyJiNjQiXX0..j7YUTDI8Vr7LlC6t3trP-rgD7pOooGznJJrE4V5luzvMaYNamjXASgR1kEE0FuEYl27r5y9qI3wg-lyFXh4O5ZwIFWEoFs4ha7JM1gSAwCZXoLDcsA4veS-r-EQiG5MUAzHWSONXNG6ZsbMWdkLUSvu9F8OaRpof3HcJJ-AcXiS_TwqTu7PGRw8tEXRyRR2N_hn7jcRKv0JTXEDsroJ06AHkvWxaISthxHsPbwF7Vixoct5inQG_iFAeiVDx4Ry8mtpUNtOPKFxIPGHOoE8L4dFbcfm374d2b_N-iScPi6loeNg8q39QvkwQlLQjPXPNa-A0BcrnbIJVVKvoTButKw`, map[string]string{}},
	{"a plain SHA-1", Signature{Algorithm: "sha1 sha256", From: []Source{"header:S"}, Content: "{secret}{body}"}, `key`, `63f86adc86b0f99d22c78a57674908d1c02e01e0`, map[string]string{}},
	{"a plain SHA-512", Signature{Algorithm: "sha512", From: []Source{"header:S"}, Content: "{body}{secret}"}, `key`, `85a54e12f80f8e2d503923493a21c649999e890a11d069db1d891b2d4a3bc8e07ddfc15fb5455d939b36184e64e01c7722932b8593b48e778829f8c3383d5bc9`, map[string]string{}},
	{"a key by its SHA-1", Signature{Algorithm: "hmac-sha1", From: []Source{"header:S"}, KeyEncoding: "sha1"}, `key`, `6a7c441fe55882c426c13e7c40f73f3ddf76a4d6`, map[string]string{}},
	{"a digest of a digest", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "{sha256}"}, `key`, `a0cf62af3f4d7fd85d14481e2b2a53c7f59449317f27abd4e61c2990ffe16b4e`, map[string]string{}},
	{"a digest of bytes", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "x{sha256_raw}"}, `key`, `4b8dc5df7b84e1d99cb1d8df16b7043b43193efdf41b142979efe8766b77fb93`, map[string]string{}},
	{"base64 for URLs", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "{body_base64url}", Encoding: "base64_hex"}, `key`, `NzI0NzU4NzBiN2MzYzBkYjJhZDY0ZDY3OWZiNzZkZDU3YjlkYzZjZDcwZDRhYmIwNzE3Y2UxOTFlYTAzMTgwYQ==`, map[string]string{}},
	{"values of the request", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "{method} {path} {host} h={header:H} q={query:q} b={body:a} {?x={header:X} ?}{body}"}, `key`, `802cabf995e71727f83e21f7487f5423e7affd8a0fe790ce5764ea29b7d63e49`, map[string]string{"H": "1"}},
	{"an optional part that is there", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "{?x={header:X};?}{body}"}, `key`, `6a644b126a62079d19bf5a3d1c3422e7303ba38bfde9039ac0e8d11963b9682f`, map[string]string{"X": "3"}},
	{"a time as HTTP has it", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "{timestamp}{body}", Timestamp: []Source{"header:Date"}, TimestampFormat: "http_date"}, `key`, `78047b5b6f759d9b0e4d66e3babaa91cc28b90ff5342b8dd20cd7e5bfa9bae86`, map[string]string{"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}},
	{"a time in milliseconds, of seconds or those", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "{timestamp}{body}", Timestamp: []Source{"header:T"}, TimestampFormat: "unix_any"}, `key`, `dad062549f91a200da8890091128665468cffa1e3c0dcdca5ec9a25fa3b94ac1`, map[string]string{"T": "1767225600000"}},
	{"a time without a zone", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Content: "{timestamp}{body}", Timestamp: []Source{"header:T"}, TimestampFormat: "rfc3339"}, `key`, `a2dd3b904f0b87923f08bef348ef730ffcf8237b9414d904d5493ebe3f528f5c`, map[string]string{"T": "2026-01-01T00:00:00.551"}},
	{"base64, escaped as in a URL, in quotes", Signature{Algorithm: "hmac-sha256", From: []Source{"header:S"}, Prefix: "sig=", Encoding: "base64"}, `key`, `sig="iKZ%2FJLvNrtDmyZdAS7eadDuvRMa6svTCcyjjAJ0i40I%3D"`, map[string]string{}},
}

// noLimit is memory of which there is enough.
type noLimit struct{}

func (noLimit) Take(int64) error { return nil }

const schemeBody = `{"a":1}`

// verifyScheme checks a request of a test with another signature and body.
func verifyScheme(t *testing.T, test schemeTest, signed, body string) error {
	t.Helper()
	s := test.signature
	if err := s.Validate(); err != nil {
		t.Fatalf("%s: %v", test.name, err)
	}
	public, err := ParsePublicURL("https://hooks.example.com/webhooks")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := NewVerifier(s, []string{"other", test.secret}, public)
	if err != nil {
		if verifier, err = NewVerifier(s, []string{test.secret}, public); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/webhooks?q=2", nil)
	r.Header.Set("S", signed)
	for name, value := range test.headers {
		r.Header.Set(name, value)
	}
	m := &Request{Request: r, Sent: r.URL, Target: r.RequestURI, Event: new(event.Event), At: time.Unix(1767225600, 0), Decoded: []byte(body)}
	if err := verifier.Verify(m, []byte(body), noLimit{}); err != nil {
		return err
	}
	if err := event.SetData(m.Event, m.Decoded, "", event.AcceptAny); err != nil {
		t.Fatal(err)
	}
	return verifier.VerifyData(m, []byte(body), noLimit{})
}

// TestSchemes has each request taken, and not with another body or signature.
func TestSchemes(t *testing.T) {
	for _, test := range schemeTests {
		if err := verifyScheme(t, test, test.signed, schemeBody); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if verifyScheme(t, test, test.signed, `{"a":1} `) == nil {
			t.Errorf("%s: another body is taken", test.name)
		}
		for _, i := range []int{len(test.signed) - 6, len(test.signed) / 2} {
			other := byte('0')
			if test.signed[i] == other {
				other = '1'
			}
			if verifyScheme(t, test, test.signed[:i]+string(other)+test.signed[i+1:], schemeBody) == nil {
				t.Errorf("%s: another signature is taken", test.name)
			}
		}
	}
}

// TestTokens: what JSON Web Tokens must not get away with.
func TestTokens(t *testing.T) {
	test := schemeTests[0]
	for _, other := range schemeTests {
		if other.name == "a token by HS256" {
			test = other
		}
	}
	sign := func(header, claims string) string {
		encode := base64.RawURLEncoding.EncodeToString
		verifier, err := NewVerifier(test.signature, []string{test.secret}, PublicURL{})
		if err != nil {
			t.Fatal(err)
		}
		input := encode([]byte(header)) + "." + encode([]byte(claims))
		return "Bearer " + input + "." + encode(verifier.Sum([]byte(input)))
	}
	const hash = `"iss":"service","sum":"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"`
	for _, right := range []string{`{` + hash + `}`, `{` + hash + `,"exp":1767225541}`, `{` + hash + `,"nbf":1767225660}`, `{` + hash + `,"exp":1767225700.5}`} {
		if err := verifyScheme(t, test, sign(`{"alg":"HS256"}`, right), schemeBody); err != nil {
			t.Errorf("%s: %v", right, err)
		}
	}
	for _, wrong := range []string{
		`{` + hash + `,"exp":1767225539}`, `{` + hash + `,"nbf":1767225662}`, `{` + hash + `,"exp":"soon"}`, `{` + hash + `,"exp":null}`,
		strings.Replace(`{`+hash+`}`, "service", "other", 1), strings.Replace(`{`+hash+`}`, "015a", "015b", 1), `{"iss":"service"}`, `{}`, `[]`, `x`, ``,
	} {
		if verifyScheme(t, test, sign(`{"alg":"HS256"}`, wrong), schemeBody) == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
	for _, header := range []string{`{"alg":"none"}`, `{"alg":"hs256"}`, `{"alg":"HS384"}`, `{}`, `{"alg":"HS256","crit":["x"]}`, `{"alg":"HS256","b64":false,"crit":["b64"]}`, `x`} {
		if verifyScheme(t, test, sign(header, `{`+hash+`}`), schemeBody) == nil {
			t.Errorf("a token with the header %s is taken", header)
		}
	}
}

// TestWholeBody: a body that is a token is covered by it.
func TestWholeBody(t *testing.T) {
	test := schemeTest{signature: Signature{Algorithm: "jwt-hs256", From: []Source{WholeBody}, Claims: map[string]string{"iss": "service"}}, secret: "key"}
	verifier, err := NewVerifier(test.signature, []string{test.secret}, PublicURL{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := test.signature.JWS([]byte(`{"iss":"service","type":"a","data":{"id":7}}`), false, func(input []byte) ([]byte, error) { return verifier.Sum(input), nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := verifyScheme(t, test, "", token); err != nil {
		t.Error(err)
	}
	if verifyScheme(t, test, token, token[:len(token)-1]) == nil {
		t.Error("another body is taken")
	}
}

// TestNonces: a second body with the same nonce is refused, a repeat is not, and the
// oldest are forgotten.
func TestNonces(t *testing.T) {
	var n nonces
	id := func(i int) (nonce [32]byte) {
		nonce[0], nonce[1], nonce[2] = byte(i), byte(i>>8), byte(i>>16)
		return nonce
	}
	for i := range maxNonces + 10 {
		for range 2 {
			if !n.use(id(i), id(1)) {
				t.Fatal(i)
			}
		}
		if n.use(id(i), id(2)) {
			t.Fatal(i)
		}
	}
	if !n.use(id(0), id(2)) || n.use(id(20), id(2)) || len(n.body) != maxNonces || len(n.order) != maxNonces {
		t.Error(len(n.body), len(n.order))
	}
}

// TestNoSignature: what would let anything pass, or nothing, is no config.
func TestNoSignature(t *testing.T) {
	for want, s := range map[string]Signature{
		"else the body is not signed":       {Algorithm: "hmac-sha256", Content: "{timestamp}", Timestamp: []Source{"header:T"}},
		"this one does: take it out":        {Algorithm: "hmac-sha256", Partial: true},
		"claims: one must have something":   {Algorithm: "jwt-hs256", Claims: map[string]string{"iss": "x"}},
		"are those of a JSON Web Token":     {Algorithm: "hmac-sha256", Claims: map[string]string{"iss": "x"}},
		"has claims instead":                {Algorithm: "jwt-hs256", Content: "{body}", Claims: map[string]string{"sum": "{sha256}"}},
		"are not for claims":                {Algorithm: "jwt-hs256", Claims: map[string]string{"sum": "{sha256}{secret}"}},
		"{secret} is for a plain digest":    {Algorithm: "sha256"},
		"which must have it":                {Algorithm: "hmac-sha256", Content: "{body}{secret}"},
		"HMACs and digests can't stand":     {Algorithm: "hmac-sha256 sha256"},
		"stands alone":                      {Algorithm: "hmac-sha256 rsa-sha256"},
		"keys of rsa-sha256 are in base64":  {Algorithm: "rsa-sha256", KeyEncoding: "hex"},
		"past_only: needs a timestamp":      {Algorithm: "hmac-sha256", PastOnly: true},
		"nonce: is for a signature that is": {Algorithm: "hmac-sha256", Nonce: "header:N"},
		"nonce: must be signed":             {Algorithm: "hmac-sha256", Content: "{query:a}", Partial: true, Nonce: "header:N"},
		"shared_key: a token":               {Algorithm: "token", SharedKey: true},
		"is not closed with ?}":             {Algorithm: "hmac-sha256", Content: "{?{query:a}{body}"},
		"{secret} is between {? and ?}":     {Algorithm: "sha256", Content: "{body}{?{header:X}{secret}?}"},
		"{body} is between {? and ?}":       {Algorithm: "hmac-sha256", Content: "x{?{header:X}{body}?}"},
		"does not end with {secret}":        {Algorithm: "sha256", Content: "{secret}{query:a}{body}"},
		"the signature is always the same":  {Algorithm: "hmac-sha256", Partial: true, Content: "a{method}{?{query:a}?}"},
		"signature is always the same":      {Algorithm: "sha256", Partial: true, Content: "{secret}"},
		"in the body must be the only one":  {Algorithm: "jwt-hs256", From: []Source{WholeBody, "header:S"}},
		"body must be the only one":         {Algorithm: "jwt-hs256", From: []Source{"header:S", WholeBody}, Partial: true},
		"and nothing else does":             {Algorithm: "hmac-sha256", From: []Source{"body:a.*.b"}, Content: "{item:x}{body}"},
		"PATH, and nothing else does":       {Algorithm: "hmac-sha256", From: []Source{"body:a.*.b"}, Content: "{item:x}{url}", Partial: true},
		"account: must be signed":           {Algorithm: "hmac-sha256", SharedKey: true, Account: "header:A"},
		"account: must be signed: have":     {Algorithm: "hmac-sha256", Partial: true, Content: "{header:A}", Account: "body:a"},
		"timestamp: must be signed":         {Algorithm: "jwt-hs256", Claims: map[string]string{"sum": "{sha256}"}, Timestamp: []Source{"header:T"}},
		"timestamp: must be signed: have":   {Algorithm: "jwt-hs256", Partial: true, Timestamp: []Source{"body:t"}},
		"nonce: must be signed: have it":    {Algorithm: "jwt-hs256", Partial: true, Nonce: "header:N"},
		"{decoded} and {form} are not":      {Algorithm: "jwt-hs256", Claims: map[string]string{"sum": "x{decoded}"}},
		"and {form} are not for claims":     {Algorithm: "jwt-hs256", Claims: map[string]string{"sum": "x{form}"}},
		"must have a source in it":          {Algorithm: "hmac-sha256", Content: "{?a?}{body}"},
		"is none of":                        {Algorithm: "hmac-sha256", Content: "{bdy}"},
		"must be one of header:NAME":        {Algorithm: "hmac-sha256", Content: "{herder:X}{body}"},
		"a signature is at one source":      {Algorithm: "hmac-sha256", From: []Source{"{header:A}{header:B}"}},
		"account: ":                         {Algorithm: "hmac-sha256", Account: "nowhere"},
		"timestamp: source":                 {Algorithm: "hmac-sha256", Timestamp: []Source{"claim:iat"}},
	} {
		if len(s.From) == 0 {
			s.From = []Source{"header:S"}
		}
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	for _, s := range []Signature{
		{Algorithm: "rsa-sha256", SharedKey: true, Account: "body:a"},
		{Algorithm: "rsa-sha256", SharedKey: true, Account: "header:A", Content: "{header:A}.{body}"},
		{Algorithm: "jwt-hs256", SharedKey: true, Account: "claim:aud", Timestamp: []Source{"claim:iat"}, Nonce: "claim:jti", Partial: true},
		{Algorithm: "jwt-hs256", Claims: map[string]string{"sum": "{sha256}"}, Timestamp: []Source{"body:t"}},
		{Algorithm: "sha256", Content: "{secret}{header:A}{body}"},
	} {
		s.From = []Source{"header:S"}
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, s := range []Signature{{Algorithm: "sha256", Content: "{secret}{body}"}, {Algorithm: "sha256", Content: "{body}{secret}{timestamp}"}} {
		if !s.ExtendsSecret() {
			t.Errorf("%s can be extended", s.Content)
		}
	}
	if s := (Signature{Algorithm: "sha256", Content: "{body}{secret}"}); s.ExtendsSecret() {
		t.Error("what ends with the secret can't be extended")
	}
}

// TestPublicKeys: keys that are none, or too weak, are refused with the reason.
func TestPublicKeys(t *testing.T) {
	const short = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL8eJ5AKoIsjURpcEoGubZMxLD7+kT+TLr7UkvEtFrRhDDKMtuIIq19FrL4pUIMymPMSLBn3hJLe30Dw48GQM4UCAwEAAQ=="
	for secret, want := range map[string]string{
		short:          "fewer than 2048",
		"x":            "no public key in PEM",
		`{"kty":"EC"}`: "of a kind that is not known",
		`{"kty":`:      "is no JSON Web Key",
		`{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`: "not on the curve",
		`{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AA"}`: "is a private",
		`{"keys":[{"kty":"EC"},{"kty":"EC"}]}`:         "a set of several",
		`{"kty":"RSA","n":"AQAB","e":"AQAB"}`:          "fewer than 2048",
	} {
		if err := (Signature{Algorithm: "rsa-sha256"}).CheckSecret(secret); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", secret, err, want)
		}
	}
}
