// Package log is the output log, which writes events to Caddy's log.
package log

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/event"
	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/options"
)

func init() {
	caddy.RegisterModule(Output{})
}

// Output writes each event to Caddy's log. It has no options:
//
//	{"output": "log"}
//
// An event is an info entry with the message
// `event`, of the logger `http.webhook_receiver.outputs.log`, whose fields are
// the event's CloudEvents attributes, except for httpheaders, and its data. An extra attribute with the
// name of one of the entry's own fields, such as `level`, gets the prefix
// `attribute_` there.
//
// It is best effort: logs are not fsynced, may be sampled, filtered, rotated
// and deleted, and do not report errors. Use it beside a durable output.
type Output struct {
	logger *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (Output) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.webhook_receiver.outputs.log",
		New: func() caddy.Module { return new(Output) },
	}
}

// Provision sets up the output.
func (o *Output) Provision(ctx caddy.Context) error {
	o.logger = ctx.Logger()
	return nil
}

// entryFields are the names that Caddy gives to an entry's own fields.
var entryFields = []string{"level", "ts", "logger", "caller", "msg", "stacktrace"}

// Store logs the event.
func (o *Output) Store(_ context.Context, e *event.Event) error {
	entry := o.logger.Check(zap.InfoLevel, "event")
	if entry == nil {
		return nil
	}
	var fields []zap.Field
	for _, a := range e.Attributes() {
		name := a.Name
		if name == event.HTTPHeaders {
			continue // logs go to whoever reads logs
		}
		if slices.Contains(entryFields, name) {
			name = "attribute_" + name
		}
		fields = append(fields, zap.String(name, a.Value))
	}
	if sent := event.SentAs(e); sent != "" {
		fields = append(fields, zap.String(event.BodySent, sent))
	}
	switch e.DataKind {
	case event.DataJSON:
		fields = append(fields, zap.Reflect("data", json.RawMessage(e.Data)))
	case event.DataText:
		fields = append(fields, zap.ByteString("data", e.Data))
	case event.DataBinary:
		fields = append(fields, zap.String("data_base64", base64.StdEncoding.EncodeToString(e.Data)))
	}
	entry.Write(fields...)
	return nil
}

// Destination returns nothing: there is only one.
func (*Output) Destination() string { return "" }

// Copies is what encoding/json and zap make of JSON data, in buffers that double:
// one each, compacted, and the entry.
func (*Output) Copies() int64 { return 6 }

// Durable returns false.
func (*Output) Durable() bool { return false }

// UnmarshalCaddyfile sets up the output from Caddyfile tokens. Syntax:
//
//	output log
func (*Output) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume output name
	return options.Table{}.Unmarshal(d, "it takes nothing")
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Output)(nil)
	_ caddyfile.Unmarshaler = (*Output)(nil)
)
