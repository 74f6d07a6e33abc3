package spark

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// reachable calls a standalone master, so that a wrong name fails at once and not
// after Spark's own minute. Other kinds of masters are left to Spark.
func reachable(ctx context.Context, master string) error {
	if master == "" {
		return &Error{"no master", "say where Spark is: --master spark://host:7077, or yarn, or local[4]"}
	}
	hosts, ok := strings.CutPrefix(master, "spark://")
	if !ok {
		return nil
	}
	var last error
	for host := range strings.SplitSeq(hosts, ",") { // several stand in for each other
		d := net.Dialer{Timeout: 5 * time.Second}
		conn, err := d.DialContext(ctx, "tcp", host)
		if err == nil {
			return conn.Close()
		}
		last = err
	}
	return &Error{fmt.Sprintf("the master of Spark at %s does not answer: %v", master, last),
		"is it running, and is this the address that its log gives (spark://host:7077, not the port of its page)?"}
}

// findSubmit finds spark-submit: in SPARK_HOME, in PATH, or in the pyspark of
// python3.
func findSubmit(ctx context.Context) (string, error) {
	const name = "spark-submit"
	if home := os.Getenv("SPARK_HOME"); home != "" {
		path := filepath.Join(home, "bin", name)
		if _, err := os.Stat(path); err != nil {
			return "", &Error{"SPARK_HOME has no bin/" + name, "set it to the folder that Spark was unpacked to, or unset it"}
		}
		return path, nil
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	const ask = "import os, pyspark; print(os.path.join(os.path.dirname(pyspark.__file__), 'bin', 'spark-submit'))"
	if said, err := exec.CommandContext(ctx, "python3", "-c", ask).Output(); err == nil {
		if path := strings.TrimSpace(string(said)); path != "" {
			return path, nil
		}
	}
	return "", &Error{"Spark was not found: no SPARK_HOME, no spark-submit in PATH, no pyspark in python3",
		"install what the cluster has (tested are " + Tested + "), for example: python3 -m pip install pyspark==3.5.9"}
}

// A child is spark-submit and all that it starts.
type child struct {
	cmd    *exec.Cmd
	folder string
	door   *net.UnixListener
	tail   *tail
	ended  chan struct{}
	err    error // of the process, once it ended
}

// startChild starts spark-submit in a group of processes of its own: an interrupt
// of the terminal reaches it by way of this program.
func startChild(submit string, opt *Options) (_ *child, err error) {
	c := &child{tail: &tail{}, ended: make(chan struct{})}
	if c.folder, err = os.MkdirTemp("", "paytriage-"); err != nil { // 0700
		return nil, err
	}
	defer func() {
		if err != nil {
			c.remove()
		}
	}()
	driver, door := filepath.Join(c.folder, "paytriage.py"), filepath.Join(c.folder, "door")
	if err := os.WriteFile(driver, Driver, 0o600); err != nil {
		return nil, err
	}
	if c.door, err = net.ListenUnix("unix", &net.UnixAddr{Name: door, Net: "unix"}); err != nil {
		return nil, fmt.Errorf("%w (a shorter TMPDIR helps where the path is too long)", err)
	}
	// The driver of Spark hands out work and does none: what makes Java start soon is
	// worth more there than what makes it fast.
	args := []string{"--master", opt.Master, "--conf", "spark.driver.memory=2g",
		"--conf", "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
	for _, s := range opt.Conf {
		args = append(args, "--conf", s)
	}
	c.cmd = exec.Command(submit, append(args, driver, "--connect", door)...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.cmd.Stdout, c.cmd.Stderr = c.tail, c.tail
	c.cmd.WaitDelay = time.Second
	if err := c.cmd.Start(); err != nil {
		return nil, &Error{"spark-submit cannot be run: " + err.Error(), "tested are Spark " + Tested}
	}
	go func() {
		c.err = c.cmd.Wait()
		c.door.Close()
		close(c.ended)
	}()
	return c, nil
}

// accept waits for the driver to call.
func (c *child) accept(ctx context.Context, patience time.Duration) (net.Conn, error) {
	c.door.SetDeadline(time.Now().Add(patience))
	stop := context.AfterFunc(ctx, func() { c.door.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	conn, err := c.door.Accept()
	if err == nil {
		return conn, nil
	}
	e := &Engine{child: c}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, e.because(fmt.Sprintf("Spark did not start within %s", patience), "start")
	}
	<-c.ended
	return nil, e.because("Spark did not start", "start")
}

// end ends spark-submit, which is given so much time to end by itself.
func (c *child) end(patience time.Duration) {
	group := -c.cmd.Process.Pid
	for _, s := range []struct {
		signal syscall.Signal
		after  time.Duration
	}{{0, patience}, {syscall.SIGTERM, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		syscall.Kill(group, s.signal)
		select {
		case <-c.ended:
			syscall.Kill(group, syscall.SIGKILL) // what it may have left
			c.remove()
			return
		case <-time.After(s.after):
		}
	}
	c.remove()
}

func (c *child) remove() {
	if c.door != nil {
		c.door.Close()
	}
	os.RemoveAll(c.folder)
}

// A tail keeps the end of what Spark writes.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailBytes = 64 << 10

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if n := len(t.kept) - tailBytes; n > tailBytes {
		t.kept = append(t.kept[:0], t.kept[n:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// problem returns the last line that tells of a problem, else the last line.
func (t *tail) problem() string {
	var last, problem string
	lines := bufio.NewScanner(strings.NewReader(t.text()))
	lines.Buffer(nil, 2*tailBytes+1)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "at ") {
			continue
		}
		if last = line; strings.Contains(line, "ERROR") || strings.Contains(line, "Exception") || strings.Contains(line, "Error:") {
			problem = line
		}
	}
	if problem == "" {
		problem = last
	}
	if len(problem) > 300 {
		problem = problem[:300] + "…"
	}
	return problem
}
