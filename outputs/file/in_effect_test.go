package file

import (
	"testing"

	"github.com/caddyserver/caddy/v2"
)

func init() { caddy.RegisterModule(new(inEffectApp)) }

// inEffectApp tells whether its config is in effect when its functions are called.
type inEffectApp struct{ ctx caddy.Context }

var inEffect = make(map[string]bool)

func (*inEffectApp) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "in_effect_test", New: func() caddy.Module { return new(inEffectApp) }}
}

func (a *inEffectApp) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	return a.note("Provision")
}
func (a *inEffectApp) Start() error   { return a.note("Start") }
func (a *inEffectApp) Stop() error    { return a.note("Stop") }
func (a *inEffectApp) Cleanup() error { return a.note("Cleanup") }

func (a *inEffectApp) note(when string) error {
	inEffect[when] = IsInEffect(a.ctx)
	return nil
}

// TestNothingIsInEffectThatIsCleanedUp: a receiver that is still there when another one of
// its config has gone must not take the files for its own that the other one kept.
func TestNothingIsInEffectThatIsCleanedUp(t *testing.T) {
	const config = `{"admin":{"disabled":true,"config":{"persist":false}},"apps":{"in_effect_test":{}}}`
	if err := caddy.Load([]byte(config), true); err != nil {
		t.Fatal(err)
	}
	if active := caddy.ActiveContext(); !IsInEffect(active) {
		t.Error("what runs is not in effect")
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"Provision", "Start", "Cleanup"} {
		if is, called := inEffect[when]; is || !called {
			t.Errorf("%s: in effect %t, called %t", when, is, called)
		}
	}
}
