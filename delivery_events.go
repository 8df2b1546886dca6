package webhookreceiver

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"
)

// eventsOfDeliveries begins the names of Caddy's events about deliveries.
const eventsOfDeliveries = "webhook_receiver."

// emitter returns what emits an event of Caddy's, and takes as long as its handlers do; or nil
// where there are none. It must be called only while the config runs: the subscriptions are made while
// apps are started.
func emitter(ctx caddy.Context, logger *zap.Logger) func(name string, data map[string]any) {
	app, _ := ctx.AppIfConfigured("events") // by the config, or by Caddy's HTTP app, which has always loaded it
	events, ok := app.(*caddyevents.App)
	if !ok {
		return nil
	}
	return func(name string, data map[string]any) {
		defer func() {
			if p := recover(); p != nil {
				logger.Error("a handler of Caddy's events has panicked", zap.String("event", name), zap.Any("panic", p), zap.Stack("stack"))
			}
		}()
		events.Emit(ctx, eventsOfDeliveries+name, data)
	}
}
