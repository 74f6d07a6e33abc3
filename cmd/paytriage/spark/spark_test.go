package spark

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/paytriage/paytriage/cmd/paytriage/spark/sparktest"
	"github.com/paytriage/paytriage/forensics/stage"
)

// The program of the tests is what the workers run, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "stage" {
		os.Exit(serve(os.Args[2], os.Args[3:]))
	}
	if len(os.Args) > 2 && os.Args[1] == "attach" {
		os.Exit(attach(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// serve does what paytriage stage does.
func serve(name string, args []string) int {
	flags := flag.NewFlagSet("stage", flag.ExitOnError)
	frozen := flags.String("frozen", "", "")
	sets := flags.Int("sets", 1, "")
	flags.Parse(args)
	config, err := os.ReadFile(*frozen)
	if err == nil {
		err = stage.Serve(name, config, *sets, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "paytriage:", err)
		return 1
	}
	return 0
}

// attach does what paytriage analyze does where a driver of Spark started it.
func attach(args []string) int {
	flags := flag.NewFlagSet("attach", flag.ExitOnError)
	flags.String("engine", "", "")
	master := flags.String("master", "", "")
	flags.Parse(args)
	ctx := context.Background()
	e, err := Start(ctx, Options{Master: *master})
	if err == nil {
		defer e.Close()
		err = e.Put(ctx, "texts", []stage.Block{{Key: 4, Data: []byte("a b")}})
	}
	var found []stage.Result
	if err == nil {
		found, err = e.Run(ctx, &stage.Request{Stage: "spark-count", In: []string{"texts"}})
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("attached: %d %s\n", found[0].Key, found[0].Data)
	return 3
}

// The stages of the tests: scatter gives every word of its blocks to a key, of a
// second data set its length, too; count says what words a key has, of all data
// sets; die waits for a file and ends in the middle.
func init() {
	stage.Register("spark-scatter", func(config []byte) (stage.Func, error) {
		keys := int(config[0])
		return func(_ int, blocks [][][]byte, emit stage.Emit) ([]byte, error) {
			n := 0
			for _, b := range slices.Concat(blocks...) {
				for _, w := range bytes.Fields(b) {
					n++
					h := fnv.New32a()
					h.Write(w)
					if err := errors.Join(emit(0, int(h.Sum32()%uint32(keys)), w), emit(1, len(w)%keys, binary.AppendUvarint(nil, uint64(len(w))))); err != nil {
						return nil, err
					}
				}
			}
			return binary.AppendUvarint(nil, uint64(n)), nil
		}, nil
	})
	stage.Register("spark-count", func(config []byte) (stage.Func, error) {
		return func(key int, blocks [][][]byte, _ stage.Emit) ([]byte, error) {
			h := fnv.New64a()
			fmt.Fprintf(h, "%s %d", config, key)
			n := 0
			for set, some := range blocks {
				slices.SortFunc(some, bytes.Compare) // order is the engine's
				for _, b := range some {
					n++
					fmt.Fprintf(h, "%d %d ", set, len(b))
					h.Write(b)
				}
			}
			return fmt.Appendf(nil, "%d blocks %x", n, h.Sum64()), nil
		}, nil
	})
	stage.Register("spark-slow", func(config []byte) (stage.Func, error) {
		return func(key int, blocks [][][]byte, emit stage.Emit) ([]byte, error) {
			os.WriteFile(filepath.Join(string(config), fmt.Sprint("key", key)), nil, 0o600)
			time.Sleep(time.Second)
			for _, b := range slices.Concat(blocks...) {
				if err := emit(0, key%2, b); err != nil {
					return nil, err
				}
			}
			return []byte("slept"), nil
		}, nil
	})
	stage.Register("spark-fail", func(config []byte) (stage.Func, error) {
		return func(key int, _ [][][]byte, _ stage.Emit) ([]byte, error) {
			if key == 1 {
				return nil, errors.New("the shelf is full")
			}
			return nil, nil
		}, nil
	})
	stage.Register("spark-exit", func(config []byte) (stage.Func, error) {
		os.Exit(0) // well, but before the end
		return nil, nil
	})
}

// A step is a run, and what it must give is what a Local gives.
func hold(t *testing.T, e, local stage.Engine, r *stage.Request) {
	t.Helper()
	start := time.Now()
	got, err := e.Run(t.Context(), r)
	t.Log(r.Stage, r.In, time.Since(start))
	if err != nil {
		t.Fatalf("stage %s of %v: %v", r.Stage, r.In, err)
	}
	want, err := local.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("stage %s of %v (-local +spark):\n%s", r.Stage, r.In, d)
	}
}

// texts are blocks of words. One key has most of them, two have none.
func texts(r *rand.Rand) (blocks []stage.Block) {
	for i := range 60 {
		key := 3
		if i%3 == 0 {
			key = 5 + i%7
		}
		var b []byte
		for range r.IntN(200) {
			b = fmt.Appendf(b, "w%d ", r.IntN(500))
		}
		blocks = append(blocks, stage.Block{Key: key, Data: b})
	}
	return blocks
}

func TestSpark(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	cluster := sparktest.Start(t, 2)
	ctx := t.Context()
	var told atomic.Int64
	e, err := Start(ctx, Options{Master: cluster.Master, Conf: sparktest.Conf, Progress: func(p Progress) {
		if p.Tasks < p.Done || p.Stage == "" {
			t.Errorf("%+v", p)
		}
		told.Add(1)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	t.Log(e)
	local := stage.NewLocal(2)
	r := rand.New(rand.NewPCG(1, 2))
	both := func(name string, blocks []stage.Block) {
		t.Helper()
		if err := errors.Join(e.Put(ctx, name, blocks), local.Put(ctx, name, blocks)); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("words", func(t *testing.T) {
		both("texts", texts(r))
		hold(t, e, local, &stage.Request{Stage: "spark-scatter", Config: []byte{40}, In: []string{"texts"}, Out: []string{"words", "lengths"}, Keys: 40})
		both("more", []stage.Block{{Key: 0, Data: []byte("x")}, {Key: 39, Data: nil}, {Key: 2, Data: []byte("y")}})
		for _, in := range [][]string{{"words"}, {"lengths"}, {"words", "lengths"}, {"lengths", "more", "words"}, {"words"}, {"words"}, {"texts", "words"}} {
			hold(t, e, local, &stage.Request{Stage: "spark-count", Config: []byte(strings.Join(in, "+")), In: in})
		}
		// Data sets of more and of fewer keys, of which two were written at once.
		hold(t, e, local, &stage.Request{Stage: "spark-scatter", Config: []byte{60}, In: []string{"texts"}, Out: []string{"wide", "long"}, Keys: 60})
		hold(t, e, local, &stage.Request{Stage: "spark-count", In: []string{"words", "wide", "lengths"}})
		// A data set that is filled again is another.
		hold(t, e, local, &stage.Request{Stage: "spark-scatter", Config: []byte{7}, In: []string{"more"}, Out: []string{"words", "few"}, Keys: 7})
		hold(t, e, local, &stage.Request{Stage: "spark-count", In: []string{"words", "lengths"}})
		if err := e.Drop("words", "more", "never"); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Run(ctx, &stage.Request{Stage: "spark-count", In: []string{"words"}}); err == nil || !strings.Contains(err.Error(), "no data set words") {
			t.Errorf("a data set that was dropped: %v", err)
		}
	})

	t.Run("big", func(t *testing.T) {
		var blocks []stage.Block
		for i, n := range []int{0, 1, 9 << 20, 3 << 20, 128 << 10, 40 << 20} {
			b := make([]byte, n)
			for j := 0; j+8 <= n; j += 8 {
				binary.LittleEndian.PutUint64(b[j:], r.Uint64())
			}
			blocks = append(blocks, stage.Block{Key: i % 3, Data: b})
		}
		both("big", blocks)
		config := bytes.Repeat([]byte("frozen"), 400<<10)
		hold(t, e, local, &stage.Request{Stage: "spark-count", Config: config, In: []string{"big"}})
	})

	t.Run("none", func(t *testing.T) {
		both("none", nil)
		hold(t, e, local, &stage.Request{Stage: "spark-scatter", Config: []byte{3}, In: []string{"none"}, Out: []string{"n1", "n2"}, Keys: 3})
		hold(t, e, local, &stage.Request{Stage: "spark-count", In: []string{"n1", "n2"}})
	})

	t.Run("failing", func(t *testing.T) {
		both("two", []stage.Block{{Key: 0, Data: []byte("a")}, {Key: 1, Data: []byte("b")}})
		for name, want := range map[string]string{"spark-fail": "the shelf is full", "spark-exit": "exit code 0 before the end", "spark-unknown": "there is no stage"} {
			_, err := e.Run(ctx, &stage.Request{Stage: name, In: []string{"two"}})
			var told *Error
			if !errors.As(err, &told) || !strings.Contains(told.Problem, want) || !strings.Contains(told.Problem, name) || told.Hint == "" {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
		hold(t, e, local, &stage.Request{Stage: "spark-count", In: []string{"two"}}) // and it goes on
	})

	t.Run("killed executor", func(t *testing.T) {
		var blocks []stage.Block
		for k := range 6 {
			blocks = append(blocks, stage.Block{Key: k, Data: fmt.Append(nil, "block ", k)})
		}
		both("slow", blocks)
		config := killWhen(t, "key", func() error {
			if !cluster.KillExecutor(1) {
				return errors.New("there was none to kill")
			}
			return nil
		})
		hold(t, e, local, &stage.Request{Stage: "spark-slow", Config: config, In: []string{"slow"}, Out: []string{"slept"}, Keys: 2})
		hold(t, e, local, &stage.Request{Stage: "spark-count", In: []string{"slept"}})
	})

	t.Run("killed worker", func(t *testing.T) {
		config := killWhen(t, "key", func() error { return cluster.Kill(0) })
		hold(t, e, local, &stage.Request{Stage: "spark-slow", Config: config, In: []string{"slow"}, Out: []string{"slept"}, Keys: 2})
		// What lay on that worker is made again.
		hold(t, e, local, &stage.Request{Stage: "spark-count", In: []string{"slept"}})
		hold(t, e, local, &stage.Request{Stage: "spark-count", In: []string{"lengths"}})
	})

	t.Run("interrupt", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		config := killWhen(t, "key", func() error { cancel(); return nil })
		start := time.Now()
		if _, err := e.Run(ctx, &stage.Request{Stage: "spark-slow", Config: config, In: []string{"slow"}, Out: []string{"slept"}, Keys: 2}); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: %v", err)
		}
		if d := time.Since(start); d > 25*time.Second {
			t.Errorf("it took %s to end", d)
		}
		if _, err := e.Run(t.Context(), &stage.Request{Stage: "spark-count", In: []string{"lengths"}}); err == nil {
			t.Error("a job that ended still runs")
		}
	})
	if told.Load() == 0 {
		t.Error("no progress")
	}
	for _, where := range []string{e.child.folder, cluster.Folder + "/local/*/*/*/*/paytriage-*"} {
		if left, err := filepath.Glob(where); len(left) > 0 || err != nil {
			t.Errorf("left: %q, %v", left, err)
		}
	}
}

// TestAttached: who must run spark-submit gives it the driver, which runs the rest.
func TestAttached(t *testing.T) {
	home := sparktest.Home(t)
	t.Setenv("SPARK_LOCAL_IP", "127.0.0.1")
	t.Setenv("SPARK_CONF_DIR", t.TempDir())
	driver := filepath.Join(t.TempDir(), "driver.py")
	if err := os.WriteFile(driver, Driver, 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args := []string{"--master", "local[1]", "--conf", "spark.ui.enabled=false", "--conf", "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1", driver, program, "attach"}
	said, err := exec.CommandContext(ctx, filepath.Join(home, "bin", "spark-submit"), args...).CombinedOutput()
	var exit *exec.ExitError
	if !strings.Contains(string(said), "attached: 4 1 blocks ") || !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("%v\n%s", err, said)
	}
}

// killWhen calls f once a stage has made a file, and returns the folder for it.
func killWhen(t *testing.T, prefix string, f func() error) []byte {
	t.Helper()
	folder := t.TempDir()
	go func() {
		for t.Context().Err() == nil {
			if found, _ := filepath.Glob(filepath.Join(folder, prefix+"*")); len(found) > 0 {
				if err := f(); err != nil {
					t.Error(err)
				}
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return []byte(folder)
}

func TestNoMaster(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	for master, want := range map[string]string{
		"":                                 "no master",
		"spark://" + free:                  "does not answer",
		"spark://" + free + "," + free:     "does not answer",
		"unix:" + t.TempDir() + "/no-door": "does not answer",
	} {
		_, err := Start(t.Context(), Options{Master: master})
		var told *Error
		if !errors.As(err, &told) || !strings.Contains(told.Problem, want) || told.Hint == "" {
			t.Errorf("%q: %v, want %q", master, err, want)
		}
	}
}

func TestNoSpark(t *testing.T) {
	t.Setenv("SPARK_HOME", "")
	t.Setenv("PATH", t.TempDir())
	_, err := Start(t.Context(), Options{Master: "local[1]"})
	var told *Error
	if !errors.As(err, &told) || !strings.Contains(told.Problem, "not found") || !strings.Contains(told.Hint, Tested) {
		t.Error(err)
	}
	t.Setenv("SPARK_HOME", t.TempDir())
	if _, err := Start(t.Context(), Options{Master: "local[1]"}); !errors.As(err, &told) || !strings.Contains(told.Problem, "SPARK_HOME") {
		t.Error(err)
	}
}

// TestSubmitEnds: whatever ends spark-submit, or keeps it from starting, ends the
// wait for it.
func TestSubmitEnds(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the script is one of the shell")
	}
	for script, want := range map[string]string{
		"echo 'java.io.InvalidClassException: local class incompatible' >&2; exit 1": "another version",
		"echo 'ERROR: it rains' >&2; exit 1":                                         "it rains",
		"exec sleep 60":                                                              "did not start within",
	} {
		home := t.TempDir()
		os.Mkdir(filepath.Join(home, "bin"), 0o700)
		if err := os.WriteFile(filepath.Join(home, "bin", "spark-submit"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("SPARK_HOME", home)
		t.Setenv("TMPDIR", home)
		start := time.Now()
		_, err := Start(t.Context(), Options{Master: "local[1]", Patience: 300 * time.Millisecond})
		var told *Error
		if !errors.As(err, &told) || !strings.Contains(told.Problem, want) || told.Hint == "" {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%s: %s", script, d)
		}
		if left, _ := filepath.Glob(filepath.Join(home, "paytriage-*")); len(left) > 0 {
			t.Errorf("%s: left %q", script, left)
		}
	}
}
