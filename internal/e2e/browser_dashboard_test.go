//go:build browser && deploy

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// dashboardPanel is what the picture shows of a panel of the dashboard.
type dashboardPanel struct {
	Type, Title string
	GridPos     struct{ X, Y, W, H float64 }
	FieldConfig struct {
		Defaults struct {
			Unit       string
			Thresholds struct {
				Steps []struct {
					Color string
					Value float64
				}
			}
		}
	}
	Options struct{ ColorMode string }
	Targets []struct{ Expr, LegendFormat string }
}

// dashboardLine is a line of a chart. The moments of its points go from 0, at the left, to 1; their
// values are NaN where there is none, such as no quantile while nothing comes.
type dashboardLine struct {
	legend string
	points [][2]float64
}

// TestBrowserDashboard draws every panel of the dashboard, with what a real Prometheus answers to its
// queries, and makes a picture of that. With -pictures it is the document's, of a longer time.
func TestBrowserDashboard(t *testing.T) {
	long := 12 * time.Second
	if *pictures {
		long = 90 * time.Second
	}
	content, err := os.ReadFile(deploy + "/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct{ Panels []dashboardPanel }
	if err := json.Unmarshal(content, &dashboard); err != nil || len(dashboard.Panels) < 15 {
		t.Fatalf("%d panels, %v", len(dashboard.Panels), err)
	}
	s := newServer(t)
	app := s.application()
	s.configure("http:// {\n" +
		directive("/shop", "name shop", "provider stripe", "secret whsec_abcdefgh", "output file {$DIR}/shop.jsonl", app.deliver("retry 200ms", "sign off")) +
		directive("/tickets", "name tickets", "verify_token "+rightToken, "output file {$DIR}/tickets.jsonl") +
		directive("/forms", "name forms", "verify_token "+rightToken, "output file {$DIR}/broken/x/forms.jsonl") + "}\n")
	s.start()
	p := s.prometheus()
	eventually(t, "Prometheus sees the delivery", func() error { return p.hasNumbers("caddy_webhook_receiver_delivery_up == 1") })
	begun := time.Now()
	s.variedTraffic(begun, long, app)
	eventually(t, "Prometheus sees that all is delivered", func() error {
		return p.hasNumbers("caddy_webhook_receiver_delivery_up == 1 and caddy_webhook_receiver_delivery_backlog_bytes == 0")
	})

	end := time.Now()
	var page strings.Builder
	height := 0.0
	for _, panel := range dashboard.Panels {
		var lines []dashboardLine
		for _, target := range panel.Targets {
			more, err := p.lines(target.Expr, target.LegendFormat, begun, end)
			if err != nil {
				t.Errorf("%s: %s: %v", panel.Title, target.Expr, err)
			}
			lines = append(lines, more...)
		}
		drawn, background, err := panel.draw(lines, end.Sub(begun))
		if err != nil {
			t.Errorf("%s: %v", panel.Title, err)
		}
		g := panel.GridPos
		fmt.Fprintf(&page, `<section style="left:%gpx;top:%gpx;width:%gpx;height:%gpx;background:%s"><h2>%s</h2>%s</section>`+"\n",
			g.X*cellWidth+4, g.Y*cellHeight+4, g.W*cellWidth-6, g.H*cellHeight-6, background, html.EscapeString(panel.Title), drawn)
		height = max(height, (g.Y+g.H)*cellHeight+2)
	}
	b := browse(t)
	b.as(viewport{width: 24*cellWidth + 2, height: int64(height)})
	b.open("data:text/html;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(dashboardPage+page.String())))
	b.shoot("dashboard")
	b.wantNoErrors()
	file := "../../docs/images/" + picturesOf["dashboard"] + ".png"
	if info, err := os.Stat(file); err != nil || info.Size() > 150<<10 {
		t.Errorf("%s: %v, or too large", file, err)
	}
}

// variedTraffic sends events at rates that change. On the way an output fails, signatures are wrong, and
// the application is down.
func (s *server) variedTraffic(begun time.Time, long time.Duration, app *appProcess) {
	s.t.Helper()
	client := newClient(s.t)
	do(s.t, client, http.MethodGet, "http://"+s.http+"/tickets?"+handshake("1", rightToken), nil).want(s.t, http.StatusOK)
	broken := s.write("broken", "not a directory")
	var senders sync.WaitGroup
	random := rand.New(rand.NewSource(1))
	const tick = 40 * time.Millisecond
	post := func(perSecond float64, path, secret string) {
		for n := perSecond * tick.Seconds() * 2 * random.Float64(); n > random.Float64(); n-- {
			body := tagged(fmt.Sprintf("event-%d", random.Int()))
			senders.Go(func() {
				_, _ = try(client, http.MethodPost, "http://"+s.http+path, strings.NewReader(body), stripeSignature(secret, body))
			})
		}
	}
	until := func(end float64) {
		for now := range time.Tick(tick) {
			at := now.Sub(begun).Seconds() / long.Seconds()
			if at >= end {
				return
			}
			post(20+12*math.Sin(at*9), "/shop", "whsec_abcdefgh")
			post(8+6*math.Sin(at*14+2), "/tickets", "")
			if at > 0.2 {
				post(4, "/forms", "")
			}
			if at > 0.6 && at < 0.7 {
				post(6, "/shop", "whsec_of another")
			}
			if at > 0.78 && at < 0.86 {
				post(35, "/shop", "whsec_abcdefgh")
			}
		}
	}
	until(0.3)
	if err := os.Remove(broken); err != nil {
		s.t.Fatal(err)
	}
	until(0.42)
	app.kill()
	until(0.5)
	app.start()
	until(1)
	senders.Wait()
}

var placeholder = regexp.MustCompile(`{{(\w+)}}`)

// lines is what Prometheus answers to a panel's query. There must be something.
func (p *prometheus) lines(query, legend string, begun, end time.Time) (lines []dashboardLine, err error) {
	query = strings.NewReplacer("$receiver", ".*", "$instance", ".*", "$provider", ".*", "$__rate_interval", "3s",
		"$__range", fmt.Sprintf("%dms", end.Sub(begun).Milliseconds())).Replace(query)
	var data struct {
		Result []struct {
			Metric map[string]string
			Values [][2]any
		}
	}
	unix := func(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }
	err = p.ask("query_range", url.Values{
		"query": {query}, "step": {"250ms"}, "start": {fmt.Sprintf("%.3f", unix(begun))}, "end": {fmt.Sprintf("%.3f", unix(end))},
	}, &data)
	numbers := 0
	for _, result := range data.Result {
		line := dashboardLine{legend: placeholder.ReplaceAllStringFunc(legend, func(name string) string {
			value, ok := result.Metric[strings.Trim(name, "{}")]
			if !ok {
				err = fmt.Errorf("there is no label %s", name)
			}
			return value
		})}
		for _, v := range result.Values {
			at, _ := v[0].(float64)
			value, wrong := strconv.ParseFloat(fmt.Sprint(v[1]), 64)
			if wrong != nil {
				err = wrong
			}
			if !math.IsNaN(value) {
				numbers++
			}
			line.points = append(line.points, [2]float64{(at - unix(begun)) / end.Sub(begun).Seconds(), value})
		}
		lines = append(lines, line)
	}
	if err == nil && numbers == 0 {
		err = fmt.Errorf("nothing")
	}
	return lines, err
}

// A cell of the dashboard's grid, in pixels.
const cellWidth, cellHeight = 37, 22

var (
	lineColours      = strings.Fields("#3a8a4d #2f6fc4 #c9851a #c2453d #7d56b0 #1f8f97 #8a6d3b #b0468f #5f6b76 #a3a51e")
	thresholdColours = map[string]string{"green": "#d9efd9", "red": "#f6cfca"}
	dashboardUnits   = map[string]struct {
		each, base float64
		names      []string
	}{
		"s": {1e6, 1000, []string{" µs", " ms", " s"}}, "short": {1, 1000, []string{"", " K"}}, "reqps": {1, 1000, []string{" req/s"}},
		"Bps": {1, 1000, []string{" B/s", " kB/s", " MB/s"}}, "bytes": {1, 1024, []string{" B", " KiB", " MiB"}},
	}
)

// draw makes a panel's content in HTML, and chooses its background.
func (panel dashboardPanel) draw(lines []dashboardLine, span time.Duration) (drawn, background string, err error) {
	unit, ok := dashboardUnits[panel.FieldConfig.Defaults.Unit]
	if !ok {
		return "", "", fmt.Errorf("the unit %q is not known", panel.FieldConfig.Defaults.Unit)
	}
	write := func(value float64) string {
		if value == 0 {
			return "0"
		}
		i := 0
		for value *= unit.each; value >= unit.base && i < len(unit.names)-1; i++ {
			value /= unit.base
		}
		return fmt.Sprintf("%.3g%s", value, unit.names[i])
	}
	largest, last := 1/unit.each, 0.0
	for _, line := range lines {
		for _, point := range line.points {
			if !math.IsNaN(point[1]) {
				largest, last = max(largest, point[1]), point[1]
			}
		}
	}
	background = "#fff"
	if panel.Options.ColorMode == "background" {
		for _, s := range panel.FieldConfig.Defaults.Thresholds.Steps {
			if last >= s.Value {
				background = thresholdColours[s.Color]
			}
		}
	}
	switch panel.Type {
	case "stat":
		return "<b>" + write(last) + "</b>", background, nil
	case "timeseries":
	default:
		return "", "", fmt.Errorf("a panel of the type %q is not drawn", panel.Type)
	}
	const left, right, top, bottom = 62, 10, 6, 16
	width, height := panel.GridPos.W*cellWidth-6, panel.GridPos.H*cellHeight-6-28-16*math.Ceil(float64(len(lines))/3)
	x := func(at float64) float64 { return left + at*(width-left-right) }
	power := func(base, value float64) float64 {
		return math.Pow(base, math.Floor(math.Log(value)/math.Log(base)+1e-9))
	}
	round := power(unit.base, largest*unit.each)
	round *= power(10, largest*unit.each/round) / unit.each
	most := math.Ceil(largest/round) * round
	y := func(value float64) float64 { return height - bottom - value/most*(height-top-bottom) }
	var svg, legend strings.Builder
	for _, value := range []float64{0, most / 2, most} {
		fmt.Fprintf(&svg, `<path d="M%d %.1fH%.1f" stroke="#e3e3e3"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, y(value), width-right, left-5, y(value)+4, write(value))
	}
	for i, anchor := range []string{"start", "middle", "middle", "end"} {
		at := float64(i) / 3
		text := []string{fmt.Sprintf("-%.0f s", (1-at)*span.Seconds()), "now"}[i/3]
		fmt.Fprintf(&svg, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, x(at), height-2, anchor, text)
	}
	for i, line := range lines {
		colour, path, command := lineColours[i%len(lineColours)], "", "M"
		for _, point := range line.points {
			if math.IsNaN(point[1]) {
				command = "M"
				continue
			}
			path += fmt.Sprintf("%s%.1f %.1f", command, x(point[0]), y(point[1]))
			command = "L"
		}
		fmt.Fprintf(&svg, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5"/>`, path, colour)
		fmt.Fprintf(&legend, `<li><i style="background:%s"></i>%s</li>`, colour, html.EscapeString(line.legend))
	}
	return fmt.Sprintf(`<svg width="%g" height="%g">%s</svg><ul>%s</ul>`, width, height, svg.String(), legend.String()), background, nil
}

// dashboardPage is what stands before the panels.
const dashboardPage = `<!doctype html>
<html lang="en"><title>The dashboard's panels</title>
<style>
	body { margin: 0; background: #eef0f2; font: 12px/1.3 "DejaVu Sans", Arial, sans-serif; color: #24292f }
	section { position: absolute; box-sizing: border-box; border: 1px solid #d8dce0; border-radius: 3px }
	h2 { margin: 0; padding: 5px 8px 3px; font-size: 12px }
	b { position: absolute; bottom: 8px; width: 100%; text-align: center; font-size: 24px }
	svg { display: block } text { font-size: 11px; fill: #57606a }
	ul { margin: 0; padding: 0 0 0 8px; list-style: none; font-size: 11px; line-height: 16px; display: grid; grid: auto / repeat(3, auto); justify-content: start; column-gap: 14px }
	li { white-space: nowrap } i { display: inline-block; width: 12px; height: 3px; margin-right: 5px; vertical-align: 3px }
</style>
`
