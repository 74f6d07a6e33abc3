// Package sparktest starts a cluster of Spark for tests: a standalone master and
// workers, each a process of its own, on loopback.
package sparktest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// java makes Java start soon: of a test's time most is that.
const java = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

// Conf are settings of a job that fits a small machine.
var Conf = []string{"spark.executor.memory=512m", "spark.executor.cores=1", "spark.driver.memory=512m", "spark.ui.enabled=false", "spark.paytriage.tasks=4",
	"spark.executor.extraJavaOptions=" + java, "spark.driver.bindAddress=127.0.0.1", "spark.driver.host=127.0.0.1"}

// A Cluster is a master and its workers.
type Cluster struct {
	Master  string // as --master takes it
	Home    string // SPARK_HOME
	Folder  string // of the workers
	Workers []*exec.Cmd
}

// Home returns where Spark is, and skips the test where it is not installed.
func Home(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil && os.Getenv("JAVA_HOME") == "" {
		t.Skip("there is no Java: Spark cannot be run here, the tests with a cluster are skipped")
	}
	if home := os.Getenv("SPARK_HOME"); home != "" {
		return home
	}
	said, err := exec.Command("python3", "-c", "import os, pyspark; print(os.path.dirname(pyspark.__file__))").Output()
	if err != nil {
		t.Skip("there is no Spark (python3 -m pip install pyspark==4.0.5): the tests with a cluster are skipped")
	}
	return strings.TrimSpace(string(said))
}

// Start starts a cluster whose workers have one core each. It ends with the test.
func Start(t testing.TB, workers int) *Cluster {
	t.Helper()
	c := &Cluster{Home: Home(t), Folder: t.TempDir()}
	t.Setenv("SPARK_HOME", c.Home)
	t.Setenv("SPARK_LOCAL_IP", "127.0.0.1")
	t.Setenv("SPARK_LOCAL_DIRS", filepath.Join(c.Folder, "local"))
	t.Setenv("SPARK_DAEMON_MEMORY", "256m")
	t.Setenv("SPARK_DAEMON_JAVA_OPTS", java)
	t.Setenv("SPARK_CONF_DIR", t.TempDir()) // not what may lie in SPARK_HOME
	_, log := c.start(t, "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
	c.Master = log.wait(t, regexp.MustCompile(`spark://127\.0\.0\.1:\d+`))
	var logs []*record
	for i := range workers {
		dir := filepath.Join(c.Folder, fmt.Sprint("work", i))
		cmd, log := c.start(t, "worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g", "--work-dir", dir, c.Master)
		c.Workers, logs = append(c.Workers, cmd), append(logs, log)
	}
	for _, log := range logs {
		log.wait(t, regexp.MustCompile(`Successfully registered with master`))
	}
	return c
}

// Kill ends a worker and its executors as kill -9 does.
func (c *Cluster) Kill(i int) error {
	err := c.Workers[i].Process.Kill()
	for _, pid := range c.executors(i) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return err
}

// KillExecutor ends an executor of worker i as kill -9 does, and reports whether
// there was one. The worker starts another.
func (c *Cluster) KillExecutor(i int) bool {
	pids := c.executors(i)
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return len(pids) > 0
}

// executors returns the processes of Java that have the folder of a worker as
// theirs.
func (c *Cluster) executors(i int) (pids []int) {
	var all []string
	all, _ = filepath.Glob("/proc/[0-9]*/cmdline")
	url := []byte(fmt.Sprintf("%s/work%d/", c.Folder, i))
	for _, path := range all {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte("CoarseGrainedExecutorBackend")) {
			continue
		}
		cwd, err := os.Readlink(filepath.Join(filepath.Dir(path), "cwd"))
		if err != nil || !bytes.HasPrefix([]byte(cwd+"/"), url) {
			continue
		}
		var pid int
		fmt.Sscanf(path, "/proc/%d/cmdline", &pid)
		pids = append(pids, pid)
	}
	return pids
}

// start starts a process of the cluster.
func (c *Cluster) start(t testing.TB, class string, args ...string) (*exec.Cmd, *record) {
	t.Helper()
	cmd := exec.Command(filepath.Join(c.Home, "bin", "spark-class"), append([]string{"org.apache.spark.deploy." + class}, args...)...)
	cmd.SysProcAttr = attr()
	log := &record{}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		killed := time.AfterFunc(5*time.Second, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		cmd.Wait()
		killed.Stop()
	})
	return cmd, log
}

// A record keeps what a process writes.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var _ io.Writer = (*record)(nil)

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// wait waits for a process to write something.
func (r *record) wait(t testing.TB, what *regexp.Regexp) string {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		r.mu.Lock()
		found := what.Find(r.text.Bytes())
		r.mu.Unlock()
		if found != nil {
			return string(found)
		}
	}
	t.Fatalf("Spark did not write %s:\n%s", what, r.text.String())
	return ""
}
