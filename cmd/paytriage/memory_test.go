package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestGroupMemory(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("a/memory.max", "max\n")
	put("a/b/memory.max", "2147483648\n")
	put("memory/j/memory.limit_in_bytes", "1073741824\n")
	for _, c := range []struct {
		groups string
		want   int64
	}{
		{"0::/\n", 0},
		{"0::/a\n", 0},
		{"0::/a/b\n", 2 << 30},
		{"0::/a/b/c/d\n", 2 << 30}, // the limit of a folder above
		{"12:cpu,memory:/j\n11:pids:/j\n", 1 << 30},
		{"12:cpu,memory:/j/k\n0::/a/b\n", 1 << 30},
		{"nonsense\n\n1:2\n", 0},
		{"0::/../../..\n", 0},
	} {
		groups := filepath.Join(root, "groups")
		put("groups", c.groups)
		if got := groupMemory(groups, root); got != c.want {
			t.Errorf("%q: %d, want %d", c.groups, got, c.want)
		}
	}
	if groupMemory(filepath.Join(root, "none"), root) != 0 {
		t.Error("no file of groups")
	}
}

func TestMachineMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meminfo")
	if err := os.WriteFile(path, []byte("MemTotal:       24683644 kB\nMemFree:        1 kB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := machineMemory(path); got != 24683644<<10 {
		t.Errorf("%d", got)
	}
	if machineMemory(path+"x") != 0 || defaultMemory() < minMemory {
		t.Error("a machine that does not say what it has")
	}
}
