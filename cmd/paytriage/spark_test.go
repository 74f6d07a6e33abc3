//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/cmd/paytriage/spark/sparktest"
)

// TestSparkGivesTheSame runs three incidents on a cluster of Spark with processes
// of its own and holds the cases against those that are made without: the same
// files to the byte. In the middle of the one with a hot address a worker is killed.
func TestSparkGivesTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	cluster := sparktest.Start(t, 2)
	for name, w := range engineWorlds(t) {
		t.Run(name, func(t *testing.T) {
			w.plain = w.analyzed(t, "--auth", w.auth, "--payments", w.pay)
			w.urls = name == "pieces"
			killed, stages := name != "hot", map[string]bool{}
			same(t, "on Spark", w.plain, w.onSpark(t, cluster, func(stage string) {
				stages[strings.Split(stage, ":")[0]] = true
				if !killed && len(stages) == 4 { // the logs are read, and it has parts of them
					killed = cluster.KillExecutor(0)
				}
			}))
			if !killed {
				t.Error("the run was over before a worker was killed")
			}
		})
	}
}

// onSpark runs analyze on a cluster, told of what Spark does, and returns the files
// of its case.
func (w *sameWorld) onSpark(t *testing.T, cluster *sparktest.Cluster, told func(stage string)) map[string]string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "case")
	auth, pay := w.auth, w.pay
	if w.urls { // by Spark's own way to a file system, as it reads an object store
		auth, pay = "file://"+auth, "file://"+pay
	}
	copied := ""
	if w.urls {
		copied = filepath.Join(t.TempDir(), "cases", "1")
	}
	args := []string{"analyze", "--auth", auth, "--payments", pay, "--out", out, "--format", "csv,parquet", "--quiet", "--progress", "json", "--engine", "spark", "--master", cluster.Master}
	for _, c := range sparktest.Conf {
		args = append(args, "--spark-conf", c)
	}
	if copied != "" {
		args = append(args, "--copy-to", "file://"+copied)
	}
	cmd := exec.Command("paytriage", args...)
	cmd.Env = os.Environ()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		var line struct{ Engine string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			said = append(said, lines.Text())
		} else if told != nil && line.Engine != "" {
			told(line.Engine)
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != w.exit {
		t.Fatalf("exit code %d, want %d\n%s", cmd.ProcessState.ExitCode(), w.exit, strings.Join(said, "\n"))
	}
	files := caseFiles(t, out)
	if copied != "" {
		same(t, "the copy that Spark wrote", files, caseFiles(t, copied))
		entries, err := os.ReadDir(copied)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 || strings.HasPrefix(e.Name(), ".") {
				t.Errorf("%s in the copy: %v, %v", e.Name(), info.Mode(), err)
			}
		}
	}
	return files
}
