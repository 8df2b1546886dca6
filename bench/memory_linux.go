package main

import (
	"os"
	"syscall"
)

// peakMemory returns the largest resident size of a program that has ended.
func peakMemory(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}
