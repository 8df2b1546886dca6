package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of times in /proc, the same on every system that Go runs on.
const tick = 10 * time.Millisecond

// peakMemory returns the largest resident size of a program that has ended.
func peakMemory(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss << 10
	}
	return 0
}

// processorTime returns what a program has used, and its children, as nginx has.
func processorTime(pid int) (used time.Duration, known bool) {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	for _, process := range append(strings.Fields(string(children)), strconv.Itoa(pid)) {
		stat, err := os.ReadFile("/proc/" + process + "/stat")
		if err != nil {
			return 0, false
		}
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		for _, field := range fields[11:13] { // utime, stime
			ticks, err := strconv.ParseInt(string(field), 10, 64)
			if err != nil {
				return 0, false
			}
			used += time.Duration(ticks) * tick
		}
	}
	return used, true
}

// memory returns the resident size of a program that runs.
func memory(pid int) (size int64, known bool) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	var total, resident int64
	_, err = fmt.Sscan(string(statm), &total, &resident)
	return resident * int64(os.Getpagesize()), err == nil
}

// allowFiles lets this program have so many files open at once, and those that it
// starts, as far as it may.
func allowFiles(n uint64) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil && limit.Cur < n {
		limit.Cur, limit.Max = n, max(n, limit.Max)
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
}
