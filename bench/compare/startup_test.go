package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-webhook-receiver/caddy-webhook-receiver/internal/files"
)

func TestMakeRotated(t *testing.T) {
	dir := t.TempDir()
	if err := makeRotated(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	// Otherwise Caddy would start as fast as without them.
	if found, _, err := files.List(files.OS{}, filepath.Join(dir, "events.jsonl")); len(found) != rotated || err != nil {
		t.Errorf("%d rotated files, want %d; %v", len(found), rotated, err)
	}
}
