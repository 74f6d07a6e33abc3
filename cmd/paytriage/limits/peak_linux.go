package main

import (
	"os"
	"syscall"
)

// peak returns the most memory that a process or one of its children had at once.
// It begins with what this program had when it started the process, which is small.
func peak(p *os.ProcessState) int64 {
	if used, ok := p.SysUsage().(*syscall.Rusage); ok {
		return int64(used.Maxrss) << 10
	}
	return 0
}
