package main

import (
	"path/filepath"
	"testing"
	"time"
)

func TestIdleMemory(t *testing.T) {
	tmp := t.TempDir()
	program, err := buildCaddy(tmp)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range servers {
		if s.name != bare && s.name != durable {
			continue
		}
		s.caddy = program
		if size, err := idleMemory(s, filepath.Join(tmp, "idle"), 2000, time.Second); err != nil || size < 2000 || size > 100_000 {
			t.Errorf("%s: %d bytes of a connection, %v", s.name, size, err)
		}
	}
}
