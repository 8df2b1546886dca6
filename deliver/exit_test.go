package deliver

import (
	"testing"
	"time"
)

// returns checks that something comes to an end.
func (g *rig) returns(what string, f func()) {
	g.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		g.Fatalf("%s does not end", what)
	}
}

// TestExitDuringReload: Caddy stops once a config is loaded, or rejected, which does not wait for that stop.
func TestExitDuringReload(t *testing.T) {
	g := newRig(t)
	g.running()
	rejected := g.provision()
	g.configs = g.configs[:1]
	isExiting.Store(true)
	defer isExiting.Store(false)
	g.returns("the end of a rejected config", rejected.Release)
	g.returns("the reload", func() { g.load() })
	g.returns("the stop", g.stop)
}

// TestOneGracePeriod: several deliveries have one grace period together when Caddy stops.
func TestOneGracePeriod(t *testing.T) {
	g := newRig(t)
	defer close(g.hangs())
	const grace = time.Second
	var configs []*rigConfig
	for _, name := range []string{"a", "b", "c", "d"} {
		c := g.provision("deliver "+name+" "+g.url, "timeout 1m")
		c.Grace = grace
		c.runs.Store(true)
		configs = append(configs, c)
	}
	g.store("e")
	g.arrive("e 1", "e 1", "e 1", "e 1")
	began := time.Now()
	g.stop()
	if took := time.Since(began); took > 2*grace {
		t.Errorf("it took %s", took)
	}
	for _, c := range configs {
		if c.engine.running != nil {
			t.Errorf("%s has not ended", c.engine.name)
		}
	}
}

// TestNothingBeginsAtTheExit: a config that is loaded just after Caddy was stopped is not stopped itself, so it sends nothing.
func TestNothingBeginsAtTheExit(t *testing.T) {
	g := newRig(t)
	isExiting.Store(true)
	defer isExiting.Store(false)
	g.load()
	g.store("a")
	time.Sleep(3 * lookSoon)
	if got := g.arrivals(); len(got) > 0 {
		t.Errorf("came: %q", got)
	}
	g.returns("the stop", g.stop)
}
