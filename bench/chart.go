package main

import (
	"errors"
	"fmt"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// palette has a colour for each server, that people with colour blindness can
// tell apart: https://jfly.uni-koeln.de/color/
var palette = []color.RGBA{
	{0, 0, 0, 255}, {0, 114, 178, 255}, {86, 180, 233, 255}, {0, 158, 115, 255}, {213, 94, 0, 255}, {204, 121, 167, 255}, {230, 159, 0, 255},
}

// draw writes a chart of the scenarios that differ in their connections only:
// throughput above, p99 below, medians of the rounds.
func draw(outcomes []outcome, path string) error {
	measured := serversOf(outcomes)
	if len(measured) == 0 {
		return errors.New("a chart needs several numbers of connections")
	}
	const width, height, margin = 18 * vg.Centimeter, 9 * vg.Centimeter, vg.Centimeter
	canvas := vgsvg.New(width, 2*height)
	charts := []struct {
		title, unit string
		value       func(result) float64
	}{
		{"Events per second, 1.1 kB", "per second", func(r result) float64 { return r.Rate }},
		{"99th percentile of the time to the answer", "milliseconds", func(r result) float64 { return float64(r.P99) / 1e6 }},
	}
	for i, chart := range charts {
		p := plot.New()
		p.Title.Text, p.X.Label.Text, p.Y.Label.Text = chart.title, "connections", chart.unit
		p.X.Scale, p.Y.Min = plot.LogScale{}, 0
		p.Legend.Top, p.Legend.Left = true, true
		p.Add(plotter.NewGrid())
		var ticks plot.ConstantTicks
		for n, server := range measured {
			var points plotter.XYs
			for _, o := range outcomes {
				results := o.Results[server]
				if !o.curve || len(results) == 0 {
					continue
				}
				points = append(points, plotter.XY{
					X: float64(o.Connections),
					Y: median(results, func(_ int, r result) float64 { return chart.value(r) }),
				})
				if n == 0 {
					ticks = append(ticks, plot.Tick{Value: float64(o.Connections), Label: fmt.Sprint(o.Connections)})
				}
			}
			line, dots, err := plotter.NewLinePoints(points)
			if err != nil {
				return err
			}
			line.Color, dots.Color = palette[n%len(palette)], palette[n%len(palette)]
			line.Width, dots.Shape = vg.Points(1.5), vgdraw.CircleGlyph{}
			p.Add(line, dots)
			p.Legend.Add(server, line)
		}
		p.X.Tick.Marker = ticks
		area := vgdraw.NewCanvas(canvas, width, 2*height)
		if i == 0 {
			area = vgdraw.Crop(area, 0, -margin, height, 0)
		} else {
			area = vgdraw.Crop(area, 0, -margin, 0, -height)
		}
		p.Draw(area)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// serversOf returns the servers that were measured at several numbers of
// connections.
func serversOf(outcomes []outcome) (names []string) {
	for _, s := range servers {
		n := 0
		for _, o := range outcomes {
			if o.curve && len(o.Results[s.name]) > 0 {
				n++
			}
		}
		if n > 1 {
			names = append(names, s.name)
		}
	}
	return names
}
