package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/parsers"
)

// minMemory is the least budget that is taken, ownMemory what parsing and judging
// need for themselves, whatever lies in files. They are variables for tests,
// which have few rows.
var minMemory, ownMemory int64 = 256 << 20, 128 << 20

// otherMemory is the budget where the machine does not say what it has.
const otherMemory = 4 << 30

// parseMemory sets what the rows may take of the memory, and where they go that
// are more.
func (o *readingOptions) parseMemory(opt *parsers.Options) error {
	budget := defaultMemory()
	if o.memory != "" {
		n, ok := parseSize(o.memory)
		if !ok {
			return &usageError{fmt.Sprintf("--memory %q is not a size", o.memory), "give bytes, or a number with KiB, MiB, GiB or TiB, for example 2GiB"}
		}
		if n < minMemory {
			return &usageError{fmt.Sprintf("--memory %s is too little", o.memory), "give at least 256MiB"}
		}
		budget = n
	}
	if o.tmpDir != "" {
		if info, err := os.Stat(o.tmpDir); err != nil || !info.IsDir() {
			return &usageError{fmt.Sprintf("--tmp-dir %s is not a folder", o.tmpDir), "make it, or name another"}
		}
		// For all that is temporary, the copy of a stream too.
		for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
			os.Setenv(name, o.tmpDir)
		}
	}
	spill.Sweep(o.tmpDir)
	parsers.SweepStdin(o.tmpDir)
	debug.SetMemoryLimit(max(budget-rowBudget(budget), 256<<20)) // rows lie outside the heap
	opt.Memory = spill.New(rowBudget(budget), o.tmpDir)
	return nil
}

// rowBudget returns what of a budget rows may take: nine sixteenths of what is left
// for them. Visits, places and texts of a log grow with it too, and the collector
// wants some room.
func rowBudget(budget int64) int64 { return max((budget-ownMemory)*9/16, 1) }

// defaultMemory returns half of what the machine has, or of what its control
// group may use.
func defaultMemory() int64 {
	total := int64(math.MaxInt64)
	for _, known := range []int64{machineMemory("/proc/meminfo"), groupMemory("/proc/self/cgroup", "/sys/fs/cgroup")} {
		if known > 0 {
			total = min(total, known)
		}
	}
	if total == math.MaxInt64 {
		return otherMemory
	}
	return max(total/2, minMemory)
}

// machineMemory returns the memory of a machine, 0 if it is not known.
func machineMemory(meminfo string) int64 {
	b, err := os.ReadFile(meminfo)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if f := strings.Fields(string(line)); len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			n, _ := strconv.ParseInt(f[1], 10, 64)
			return n << 10
		}
	}
	return 0
}

// groupMemory returns the least limit of the control groups of the process, 0 if
// there is none: version 2 lists one path, "0::/a/b", and each folder above it
// may have a limit; version 1 has a tree of its own for memory.
func groupMemory(groups, root string) int64 {
	b, err := os.ReadFile(groups)
	if err != nil {
		return 0
	}
	least := int64(0)
	look := func(base, path, file string) {
		for ; ; path = filepath.Dir(path) {
			text, err := os.ReadFile(filepath.Join(base, path, file))
			n, bad := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			if err == nil && bad == nil && n > 0 && (least == 0 || n < least) {
				least = n
			}
			if path == "/" || path == "." {
				return
			}
		}
	}
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(f) < 3:
		case f[1] == "":
			look(root, filepath.Join("/", f[2]), "memory.max")
		case strings.Contains(","+f[1]+",", ",memory,"):
			look(filepath.Join(root, "memory"), filepath.Join("/", f[2]), "memory.limit_in_bytes")
		}
	}
	return least
}
