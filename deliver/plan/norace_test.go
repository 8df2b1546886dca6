//go:build !race

package plan

const slow = false
