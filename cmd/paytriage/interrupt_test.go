//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// TestInterrupt sends signals to analyze in every phase. Whenever they come, the
// place of the case is as it was, or holds a whole case, and no temporary file
// stays.
func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a larger world many times")
	}
	exports := simulated(t, "list-type", 4000)
	whole := 0
	for _, phase := range []string{"reading", "sorting", "investigating", "writing"} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(phase+" "+sig.String(), func(t *testing.T) {
				dir, tmp := t.TempDir(), t.TempDir()
				code := interrupted(t, exports, filepath.Join(dir, "case"), tmp, phase, sig)
				want := 0
				switch code {
				case 130:
				case 0: // the signal came when all was written
					want = 1
					whole++
					if err := wholeCase(filepath.Join(dir, "case")); err != nil {
						t.Error(err)
					}
				default:
					t.Errorf("exit code %d", code)
				}
				if left := entries(t, dir); len(left) != want {
					t.Errorf("exit code %d and left in the output place: %v", code, left)
				}
				if left := entries(t, tmp); len(left) > 0 {
					t.Errorf("temporary files left: %v", left)
				}
			})
		}
	}
	if whole > 4 {
		t.Errorf("%d of 8 runs were over before the signal came", whole)
	}
}

// interrupted runs analyze until a phase begins, sends a signal, and returns the
// exit code.
func interrupted(t *testing.T, exports, out, tmp, phase string, sig syscall.Signal) int {
	t.Helper()
	cmd := exec.Command("paytriage", "analyze", "--auth", filepath.Join(exports, "auth.csv"),
		"--payments", filepath.Join(exports, "payments.csv"), "--out", out, "--quiet", "--progress", "json")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	last := ""
	for lines.Scan() {
		var line struct{ Phase, State string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			last = lines.Text()
		} else if line.Phase == phase && line.State == "begin" {
			if err := cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	code := cmd.ProcessState.ExitCode()
	if code == 130 && last != "paytriage: error: interrupted; nothing was written" {
		t.Errorf("the last line of stderr is %q", last)
	}
	return code
}

// entries lists a folder.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// TestInterruptWhileWaiting stops analyze and simulate where they hang or have
// made a folder already.
func TestInterruptWhileWaiting(t *testing.T) {
	t.Run("standard input", func(t *testing.T) {
		dir, tmp := t.TempDir(), t.TempDir()
		cmd := exec.Command("paytriage", "analyze", "--auth", "-", "--out", filepath.Join(dir, "case"), "--progress", "json")
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		sig := syscall.SIGHUP // the line to the terminal broke
		if signal.Ignored(sig) {
			sig = syscall.SIGTERM // under nohup, where the program has to go on
		}
		stopAtFirstLine(t, cmd, sig)
		if left := append(entries(t, dir), entries(t, tmp)...); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
	t.Run("simulate", func(t *testing.T) {
		dir, tmp := t.TempDir(), t.TempDir()
		cmd := exec.Command("paytriage", "simulate", "--accounts", "100000", "--out", filepath.Join(dir, "incident"), "--progress", "json")
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		stopAtFirstLine(t, cmd, syscall.SIGINT)
		if left := append(entries(t, dir), entries(t, tmp)...); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// TestKilledWhileReceiving kills analyze while standard input is on its way into a
// temporary file: nothing of it stays, not even until the next run.
func TestKilledWhileReceiving(t *testing.T) {
	dir, tmp := t.TempDir(), t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd := exec.Command("paytriage", "analyze", "--auth", "-", "--out", filepath.Join(dir, "case"), "--quiet")
	cmd.Env, cmd.Stdin = append(os.Environ(), "TMPDIR="+tmp), r
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	// Much more than a pipe holds: what is written last has not been read before the
	// file was made.
	if _, err := w.Write(bytes.Repeat([]byte("2019-07-01T07:03:15Z,alice,192.0.2.1,failure\n"), 20_000)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("it ended by itself: %v", cmd.ProcessState)
	}
	if left := entries(t, tmp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// stopAtFirstLine sends a signal to a command when it says something on stderr.
func stopAtFirstLine(t *testing.T, cmd *exec.Cmd, sig syscall.Signal) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	lines.Scan()
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}
