package webhookreceiver

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// standardHeaders returns the headers of one family, signed.
func standardHeaders(family, key, id string, at time.Time, body string) map[string]string {
	timestamp := fmt.Sprint(at.Unix())
	return map[string]string{
		family + "-id":        id,
		family + "-timestamp": timestamp,
		family + "-signature": "v1," + base64.StdEncoding.EncodeToString(hmacOf(key, id+"."+timestamp+"."+body)),
	}
}

// TestSignatureFamilies has events with two families of headers, as of one that
// is passed on: each counts by itself, and the id is that of the right one.
func TestSignatureFamilies(t *testing.T) {
	const body = `{"type":"invoice.paid"}`
	now := time.Now()
	right := func(family string) map[string]string { return standardHeaders(family, "key", family+"_1", now, body) }
	foreign := func(family string) map[string]string {
		return standardHeaders(family, "another", family+"_2", now, body)
	}
	with := func(headers map[string]string, name, value string) map[string]string {
		headers[name] = value
		return headers
	}
	generic := "provider generic\nsecret key\nsignature {\nalgorithm hmac-sha256\nfrom header:webhook-signature header:svix-signature\nseparator \" \"\nprefix v1,\nencoding base64\n" +
		"content {id}.{timestamp}.{body}\nid header:webhook-id header:svix-id\ntimestamp header:webhook-timestamp header:svix-timestamp\n}\nevent {\nid header:webhook-id header:svix-id\n}"
	for _, options := range []string{"provider standard_webhooks\nsecret " + base64.StdEncoding.EncodeToString([]byte("key")), generic} {
		rc := newReceiver(t, options)
		for name, test := range map[string]struct {
			headers []map[string]string
			id      string // "": refused
		}{
			"webhook alone":                  {[]map[string]string{right("webhook")}, "webhook_1"},
			"svix alone":                     {[]map[string]string{right("svix")}, "svix_1"},
			"both right":                     {[]map[string]string{right("webhook"), right("svix")}, "webhook_1"},
			"svix, passed on":                {[]map[string]string{foreign("webhook"), right("svix")}, "svix_1"},
			"webhook, passed on":             {[]map[string]string{right("webhook"), foreign("svix")}, "webhook_1"},
			"svix, other stale":              {[]map[string]string{standardHeaders("webhook", "key", "old", now.Add(-time.Hour), body), right("svix")}, "svix_1"},
			"svix, other without signature":  {[]map[string]string{with(right("svix"), "webhook-id", "x")}, "svix_1"},
			"svix, other's signature broken": {[]map[string]string{with(right("svix"), "webhook-signature", "x")}, "svix_1"},
			"svix, other has only a time":    {[]map[string]string{with(right("svix"), "webhook-timestamp", "1")}, "svix_1"},
			"comma and space between":        {[]map[string]string{with(right("svix"), "svix-signature", "v1,AAAA, "+right("svix")["svix-signature"])}, "svix_1"},
			"both foreign":                   {[]map[string]string{foreign("webhook"), foreign("svix")}, ""},
			"both stale":                     {[]map[string]string{standardHeaders("webhook", "key", "old", now.Add(-time.Hour), body), standardHeaders("svix", "key", "old", now.Add(time.Hour), body)}, ""},
			"signature under another name":   {[]map[string]string{with(foreign("webhook"), "webhook-signature", right("svix")["svix-signature"])}, ""},
			"id of another family":           {[]map[string]string{with(map[string]string{"svix-signature": right("svix")["svix-signature"], "svix-timestamp": fmt.Sprint(now.Unix())}, "webhook-id", "svix_1")}, ""},
			"time of another family":         {[]map[string]string{with(map[string]string{"svix-signature": right("svix")["svix-signature"], "svix-id": "svix_1"}, "webhook-timestamp", fmt.Sprint(now.Unix()))}, ""},
		} {
			t.Run(name, func(t *testing.T) {
				d := delivery{method: http.MethodPost, path: "/", body: body, headers: http.Header{}}
				for _, headers := range test.headers {
					for name, value := range headers {
						d.headers.Set(name, value)
					}
				}
				if test.id == "" {
					rc.refuses(t, d, http.StatusUnauthorized)
					return
				}
				if resp, _ := rc.send(t, d); resp.StatusCode != 200 {
					t.Fatalf("status %d: %s", resp.StatusCode, text(rc.logs))
				}
				if event, _ := rc.last(t); event["id"] != test.id {
					t.Errorf("id %v, want %s", event["id"], test.id)
				}
			})
		}
	}
}

// TestSignatureFamilyOfUnsignedHeaders: what goes with the right signature
// counts, though it is not signed.
func TestSignatureFamilyOfUnsignedHeaders(t *testing.T) {
	rc := newReceiver(t, "provider shopify\nsecret hush")
	const body = `{"a":1}`
	right := base64.StdEncoding.EncodeToString(hmacOf("hush", body))
	for _, test := range []struct{ event, webhook, id string }{
		{right, "", "event"},
		{"", right, "webhook"},
		{right, right, "webhook or event"},
		{right, "AAAA", "event"},
		{"AAAA", right, "webhook"},
	} {
		d := requestOf(http.MethodPost, "/", body, "Shopify-Webhook-Id", "event", "X-Shopify-Webhook-Id", "webhook", "Shopify-Topic", "event", "X-Shopify-Topic", "webhook")
		for name, value := range map[string]string{"Shopify-Hmac-Sha256": test.event, "X-Shopify-Hmac-Sha256": test.webhook} {
			if value != "" {
				d.headers.Set(name, value)
			}
		}
		if resp, _ := rc.send(t, d); resp.StatusCode != 200 {
			t.Fatalf("status %d", resp.StatusCode)
		}
		event, _ := rc.last(t)
		if id, _ := event["id"].(string); !strings.Contains(test.id, id) || event["type"] != id {
			t.Errorf("%+v: id %v, type %v", test, event["id"], event["type"])
		}
	}
	rc.refuses(t, requestOf(http.MethodPost, "/", body, "Shopify-Hmac-Sha256", "AAAA", "X-Shopify-Hmac-Sha256", "AAAA"), 401)
}

// TestSignatureSpellings: how a signature or a key is written is one thing, what
// it stands for another.
func TestSignatureSpellings(t *testing.T) {
	const body = "{}"
	url := strings.NewReplacer("+", "-", "/", "_")
	for _, test := range []struct {
		options string
		spell   func(mac []byte) []string
	}{
		{"encoding base64", func(mac []byte) []string {
			padded := base64.StdEncoding.EncodeToString(mac)
			return []string{padded, strings.TrimRight(padded, "="), url.Replace(padded), strings.TrimRight(url.Replace(padded), "="), " " + padded + "\t"}
		}},
		{"encoding hex", func(mac []byte) []string {
			lower := hex.EncodeToString(mac)
			return []string{lower, strings.ToUpper(lower), strings.ToUpper(lower[:20]) + lower[20:]}
		}},
	} {
		// A key whose MAC has both letters in which the alphabets differ.
		secret, mac := "", []byte(nil)
		for i := 0; !strings.Contains(base64.StdEncoding.EncodeToString(mac), "+") || !strings.Contains(base64.StdEncoding.EncodeToString(mac), "/"); i++ {
			secret = fmt.Sprint("key", i)
			mac = hmacOf(secret, body)
		}
		rc := newReceiver(t, "provider generic\nsecret "+secret+"\nsignature {\nalgorithm hmac-sha256\nfrom header:S\n"+test.options+"\n}")
		for _, signature := range test.spell(mac) {
			if resp, _ := rc.send(t, requestOf(http.MethodPost, "/", body, "S", signature)); resp.StatusCode != 200 {
				t.Errorf("%q: status %d", signature, resp.StatusCode)
			}
		}
		wrong := append([]byte{mac[0] ^ 1}, mac[1:]...)
		for _, signature := range append(test.spell(wrong), test.spell(mac[:31])...) {
			rc.refuses(t, requestOf(http.MethodPost, "/", body, "S", signature), 401)
		}
	}
}
