package webhookreceiver

import (
	"context"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

// TestEmitterWithoutConfig: where no config runs there is nobody to emit by, which is no error.
func TestEmitterWithoutConfig(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	if emitter(ctx, zap.NewNop()) != nil {
		t.Error("there is somebody to emit by")
	}
}
