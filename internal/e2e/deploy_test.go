//go:build deploy

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const deploy = "../../deploy"

// prometheus is a Prometheus with the config that is in deploy, which scrapes a server.
type prometheus struct {
	client  *http.Client
	address string
}

func (s *server) prometheus() *prometheus {
	s.t.Helper()
	for _, name := range []string{"prometheus.yml", "alerts.yml"} {
		content, err := os.ReadFile(deploy + "/prometheus/" + name)
		if err != nil {
			s.t.Fatal(err)
		}
		if name == "prometheus.yml" {
			content = []byte(strings.NewReplacer("_interval: 15s", "_interval: 200ms", "localhost:2019", s.admin).Replace(string(content)))
		}
		s.write(name, string(content))
	}
	p := &prometheus{newClient(s.t), "127.0.0.1:" + freePort(s.t)}
	log, err := os.Create(s.path("prometheus.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command("prometheus", "--config.file="+s.path("prometheus.yml"), "--storage.tsdb.path="+s.path("tsdb"), "--web.listen-address="+p.address)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if content, _ := os.ReadFile(log.Name()); s.t.Failed() {
			s.t.Logf("Prometheus:\n%s", tail(string(content), 2000))
		}
	})
	return p
}

// ask asks Prometheus's HTTP API.
func (p *prometheus) ask(path string, query url.Values, data any) error {
	a, err := try(p.client, http.MethodGet, "http://"+p.address+"/api/v1/"+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	answer := struct {
		Status, Error string
		Data          json.RawMessage
	}{}
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil || answer.Status != "success" {
		return fmt.Errorf("%s %s: %s", answer.Status, answer.Error, clip(a.body))
	}
	return json.Unmarshal(answer.Data, data)
}

// hasNumbers says what is wrong with a query's result, if anything is.
func (p *prometheus) hasNumbers(query string) error {
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  []any
		}
	}
	if err := p.ask("query", url.Values{"query": {query}}, &data); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	if len(data.Result) == 0 {
		return fmt.Errorf("%s: nothing", query)
	}
	for _, result := range data.Result {
		number, err := strconv.ParseFloat(fmt.Sprint(result.Value[1]), 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) || number < 0 {
			return fmt.Errorf("%s: %v is %v", query, result.Metric, result.Value[1])
		}
	}
	return nil
}

// TestDeployDashboardAndAlerts asks a real Prometheus everything that the dashboard
// asks, and looks whether the alerts work.
func TestDeployDashboardAndAlerts(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("promtool", "test", "rules", deploy+"/prometheus/alerts_test.yml").CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
	content, err := os.ReadFile(deploy + "/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}

	s := start(t, "http:// {\n"+directive("/webhooks", stored("output log", "deliver "+newTarget(t).URL)...)+
		directive("/broken", "verify_token x", "output file {$DIR}/broken/x/events.jsonl")+"}\n")
	s.write("broken", "not a directory")
	p := s.prometheus()
	eventually(t, "Prometheus sees the server", func() error { return p.hasNumbers("caddy_webhook_receiver_requests_total") })
	traffic := s.traffic(1, "http://"+s.http+"/webhooks")
	defer traffic.stop()
	s.verify("1", rightToken).want(t, http.StatusOK)
	s.postTo("/broken", "{}").want(t, http.StatusServiceUnavailable)

	queries := 0
	substitute := strings.NewReplacer("$receiver", ".*", "$provider", ".*", "$instance", ".*", "$__rate_interval", "5s", "$__range", "1m")
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries++
			eventually(t, panel.Title+" has numbers", func() error { return p.hasNumbers(substitute.Replace(target.Expr)) })
		}
	}
	if queries < 10 {
		t.Errorf("%d queries", queries)
	}
	for _, variable := range dashboard.Templating.List {
		if variable.Type != "query" {
			continue
		}
		metric, label, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(variable.Definition, "label_values("), ")"), ", ")
		var values []string
		if err := p.ask("label/"+label+"/values", url.Values{"match[]": {metric}}, &values); err != nil || len(values) != 1 {
			t.Errorf("%s: %v, %v", variable.Definition, values, err)
		}
	}

	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, State, LastError string }
		}
	}
	eventually(t, "an alert says that an event was not stored", func() error {
		if err := p.ask("rules", nil, &rules); err != nil {
			return err
		}
		for _, rule := range rules.Groups[0].Rules {
			if rule.Health != "ok" || (rule.State == "firing") != (rule.Name == "WebhookEventsNotStored") {
				return fmt.Errorf("%v", rules.Groups[0].Rules)
			}
		}
		return nil
	})
}

// TestDeployScrape puts Prometheus's config in place with the commands of the documents, has promtool
// check it, and scrapes both a server's admin endpoint, with that config, and a site with metrics.
func TestDeployScrape(t *testing.T) {
	t.Parallel()
	out := newMachine(t, caddyBinary).run(echoed(readDocument(t, "docs/metrics.md").under(t, "Scrape", "sh")...))
	mustContain(t, out, "SUCCESS", "rules found")

	s := start(t, "http:// {\n"+directive("/webhooks", stored()...)+"metrics /metrics\n}\n")
	s.post(sample).wantStored(t)
	const counted = `caddy_webhook_receiver_requests_total{outcome="stored"} == 1`
	p := s.prometheus()
	eventually(t, "Prometheus sees the event", func() error { return p.hasNumbers(counted) })
	mustContain(t, do(t, newClient(t), http.MethodGet, "http://"+s.http+"/metrics", nil).body, "caddy_webhook_receiver_requests_total{")
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health string }
		}
	}
	eventually(t, "the alerts are evaluated", func() error {
		if err := p.ask("rules", nil, &rules); err != nil {
			return err
		}
		if len(rules.Groups) != 1 || len(rules.Groups[0].Rules) < 10 {
			t.Fatalf("%v", rules)
		}
		for _, rule := range rules.Groups[0].Rules {
			if rule.Health != "ok" {
				return fmt.Errorf("%v", rule)
			}
		}
		return nil
	})
}
