package webhookreceiver

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
)

// TestFormSources has attributes taken from a form, and the form stored as it
// was sent.
func TestFormSources(t *testing.T) {
	rc := newReceiver(t, "provider generic\nevent {\nid form:payload.id\ntype form:a.b form:type\nsubject form:payload.list.1 form:subject\n}")
	for _, test := range []struct {
		body, contentType string
		id, kind          string // "": a UUID, webhook
		subject           any
	}{
		{"payload=" + url.QueryEscape(`{"id":7,"list":["x","y z"]}`), event.ContentTypeForm, "7", "", "y z"},
		{"type=a+b%21&subject=s", event.ContentTypeForm + "; charset=utf-8", "", "a b!", "s"},
		{"a.b=whole&a=" + url.QueryEscape(`{"b":"in it"}`), "Application/X-WWW-Form-Urlencoded", "", "whole", nil},
		{"a=" + url.QueryEscape(`{"b":"in it"}`), event.ContentTypeForm, "", "in it", nil},
		{"%74ype=t&payload=%7B&subject=%zz&&=&x", event.ContentTypeForm, "", "t", nil},
		{"type=t&type=u&payload={}&payload=" + url.QueryEscape(`{"id":"1"}`), event.ContentTypeForm, "", "", nil}, // twice: which?
		{"type=&payload=" + url.QueryEscape(`{"id":{}}`), event.ContentTypeForm, "", "", nil},
		{"type=t", "text/plain", "", "", nil},
		{"type=t", "", "", "", nil},
		{`{"type":"t","payload":{"id":"1"}}`, "application/json", "", "", nil},
	} {
		resp, _ := rc.send(t, requestOf(http.MethodPost, "/", test.body, "Content-Type", test.contentType))
		if resp.StatusCode != 200 {
			t.Fatalf("%s: status %d", test.body, resp.StatusCode)
		}
		stored, _ := rc.last(t)
		if test.kind == "" {
			test.kind = "webhook"
		}
		id, _ := stored["id"].(string)
		if test.id != "" && id != test.id || test.id == "" && len(id) != 36 || stored["type"] != test.kind || stored["subject"] != test.subject {
			t.Errorf("%s: id %v, type %v, subject %v", test.body, id, stored["type"], stored["subject"])
		}
		if strings.EqualFold(test.contentType[:min(len(test.contentType), 20)], event.ContentTypeForm[:20]) && (stored["data"] != test.body || stored["datacontenttype"] != test.contentType) {
			t.Errorf("%s: stored as %v, %v", test.body, stored["data"], stored["datacontenttype"])
		}
	}
}

// TestFormsOfManyFields: a form of too many fields is stored, and not looked into.
func TestFormsOfManyFields(t *testing.T) {
	// A name that begins with a dot is that of a field without a name.
	rc := newReceiver(t, "provider generic\nevent {\nid form:.x\ntype form:t\nsubject form:s.x\n}")
	if resp, _ := rc.send(t, requestOf(http.MethodPost, "/", "t=1", "Content-Type", event.ContentTypeForm)); resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
	body := strings.Repeat("t=1&", event.MaxFormFields) + "t=1"
	if resp, _ := rc.send(t, requestOf(http.MethodPost, "/", body, "Content-Type", event.ContentTypeForm)); resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if event, _ := rc.last(t); event["type"] != "webhook" || event["data"] != body {
		t.Errorf("type %v", event["type"])
	}
}

// TestFormToken takes a token, a timestamp and a signed challenge from a form.
func TestFormToken(t *testing.T) {
	form := func(body string, headers ...string) delivery {
		return requestOf(http.MethodPost, "/", body, append(headers, "Content-Type", event.ContentTypeForm)...)
	}
	rc := newReceiver(t, "provider generic\nsecret sesame\nsignature {\nalgorithm token\nfrom form:payload.token\n}")
	if resp, _ := rc.send(t, form("payload="+url.QueryEscape(`{"token":"sesame"}`))); resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
	for _, body := range []string{"payload=%7B%7D", "payload=" + url.QueryEscape(`{"token":"other"}`), "x=1", "payload.token=sesame&payload.token=sesame"} {
		rc.refuses(t, form(body), 401)
	}

	rc = newReceiver(t, "provider generic\nsecret sesame\nsignature {\nalgorithm hmac-sha256\nfrom header:S\ntimestamp form:at\ntimestamp_format rfc3339\n}\n"+
		"verification {\nmethod POST\nsigned\nmatch form:type hello\nchallenge form:payload.c\n}")
	sign := func(body string) delivery { return form(body, "S", hex.EncodeToString(hmacOf("sesame", body))) }
	now := "at=2999-01-01T00:00:00Z"
	rc.refuses(t, sign(now), 401)
	rc.refuses(t, sign("x=1"), 401)
	now = "at=" + url.QueryEscape(time.Now().UTC().Format(time.RFC3339))
	if resp, _ := rc.send(t, sign(now)); resp.StatusCode != 200 || len(lines(t, rc.file)) != 1 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if resp, body := rc.send(t, sign(now+"&type=hello&payload="+url.QueryEscape(`{"c":"echo me"}`))); resp.StatusCode != 200 || body != "echo me" {
		t.Errorf("answer %d %q", resp.StatusCode, body)
	}
	rc.refuses(t, sign(now+"&type=hello"), 400)
}

// TestAuthenticEventIsNotRefusedInSilence: a form with accept json.
func TestAuthenticEventIsNotRefusedInSilence(t *testing.T) {
	const lost = "an authentic event was refused, and is lost unless it is sent again"
	body := "payload=%7B%7D"
	rc := newReceiver(t, "provider github\nsecret s\naccept json")
	d := requestOf(http.MethodPost, "/", body, "Content-Type", event.ContentTypeForm, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(hmacOf("x", body)))
	rc.refuses(t, d, 401)
	if logged(rc.logs, zapcore.WarnLevel, lost) != 0 {
		t.Error("a forged event is called authentic")
	}
	d.headers.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(hmacOf("s", body)))
	rc.refuses(t, d, 400)
	if logged(rc.logs, zapcore.WarnLevel, lost) != 1 || !strings.Contains(text(rc.logs), "accept any") {
		t.Error(text(rc.logs))
	}
}

// TestCloudEventsHeaders: only those of CloudEvents are decoded.
func TestCloudEventsHeaders(t *testing.T) {
	rc := newReceiver(t, "provider generic\nevent {\nid header:X-Id\ntype header:CE-Type\n}")
	rc.post(t, "{}", "X-Id", "a%20b", "ce-type", "a%20b")
	if event, _ := rc.last(t); event["id"] != "a%20b" || event["type"] != "a b" {
		t.Errorf("id %v, type %v", event["id"], event["type"])
	}
}

// TestCloudEventsAccess: origins that may send, and both places for the token.
func TestCloudEventsAccess(t *testing.T) {
	rc := newReceiver(t, "provider cloudevents\nsecret s\nverify_token eventgrid.azure.net example.com")
	for origin, status := range map[string]int{"eventgrid.azure.net": 200, "example.com": 200, "example.org": 403, "*": 403} {
		resp, _ := rc.send(t, requestOf(http.MethodOptions, "/", "", "WebHook-Request-Origin", origin, "WebHook-Request-Rate", "120"))
		allowed := map[int]string{200: origin}[status]
		if resp.StatusCode != status || resp.Header.Get("WebHook-Allowed-Origin") != allowed {
			t.Errorf("%s: status %d, allowed %q", origin, resp.StatusCode, resp.Header.Get("WebHook-Allowed-Origin"))
		}
	}
	for _, d := range []delivery{
		requestOf(http.MethodPost, "/?access_token=s", "{}"),
		requestOf(http.MethodPost, "/?y=%zz&access_token=s", "{}"),
		requestOf(http.MethodPost, "/", "{}", "Authorization", "BEARER s"),
	} {
		if resp, _ := rc.send(t, d); resp.StatusCode != 200 {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	for _, d := range []delivery{
		requestOf(http.MethodPost, "/?access_token=x", "{}"),
		requestOf(http.MethodPost, "/?access_token=s&access_token=s", "{}"),
		requestOf(http.MethodPost, "/?access_token=s", "{}", "Authorization", "Bearer x"),
		requestOf(http.MethodPost, "/", "{}", "Authorization", "s"),
		requestOf(http.MethodPost, "/", "{}", "Authorization", "Bearer"),
		requestOf(http.MethodPost, "/", "{}"),
	} {
		rc.refuses(t, d, 401)
	}

	rc = newReceiver(t, "provider cloudevents")
	if resp, _ := rc.send(t, requestOf(http.MethodOptions, "/", "", "WebHook-Request-Origin", "anybody.example")); resp.Header.Get("WebHook-Allowed-Origin") != "anybody.example" {
		t.Errorf("without origins: status %d, %v", resp.StatusCode, resp.Header)
	}
}

// TestJSONMediaTypes: any type with the subtype json is JSON.
func TestJSONMediaTypes(t *testing.T) {
	rc := newReceiver(t, "provider generic")
	for _, mediaType := range []string{"text/json", "foo/json", "Application/JSON; charset=utf-8", "application/cloudevents+json", "image/svg+json"} {
		rc.post(t, `{"a":1}`, "Content-Type", mediaType)
		if event, _ := rc.last(t); event["datacontenttype"] != "application/json" {
			t.Errorf("%s: %v", mediaType, event)
		}
	}
	for _, mediaType := range []string{"text/x-json", "text/plain", "application/jsonl"} {
		rc.post(t, `{"a":1}`, "Content-Type", mediaType)
		if event, _ := rc.last(t); event["data"] != `{"a":1}` {
			t.Errorf("%s: %v", mediaType, event)
		}
	}
}
