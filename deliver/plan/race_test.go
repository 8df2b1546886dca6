//go:build race

package plan

// The race detector makes all ten times as slow, and has little to find where there is one goroutine.
const slow = true
