// Command limits measures what the program takes for input that was made to be
// too much for it, and prints a table: wall time, and the most memory that the
// process had at once.
//
//	go run ./cmd/paytriage/limits                    all of it; an hour, and 15 GB of disk at a time
//	go run ./cmd/paytriage/limits -only line,gzip
//	go run ./cmd/paytriage/limits -scale 1000        a thousandth of each, to see that it works
//
// It builds the program, writes one input after the other to a temporary folder
// (-dir), and runs analyze on it, beside the sample's other log, with --memory as
// -memory says. A run must end with the exit code that stands in its row and with
// books that balance; else limits fails. What needs a tool that is not there (xz,
// zstd, bzip2) is skipped, and the table says so.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type options struct {
	only   []string
	scale  int64
	memory string
	dir    string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	only := flag.String("only", "", "comma-separated names; empty: all")
	flag.Int64Var(&o.scale, "scale", 1, "make each input this many times smaller")
	flag.StringVar(&o.memory, "memory", "1GiB", "the budget that analyze is given")
	flag.StringVar(&o.dir, "dir", "", "folder for the files; empty: that for temporary files")
	flag.Parse()
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	if o.scale < 1 {
		o.scale = 1
	}
	if err := measure(ctx, &o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "limits:", err)
		os.Exit(1)
	}
}

// measure runs every trial and prints a row for each.
func measure(ctx context.Context, o *options, out io.Writer) error {
	dir, err := os.MkdirTemp(o.dir, "limits-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "paytriage")
	if text, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/paytriage/paytriage/cmd/paytriage").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	fmt.Fprintf(out, "| input | size | exit code | wall | peak memory, --memory %s |\n|---|---|---|---|---|\n", o.memory)
	var failed error
	for _, t := range trials() {
		if len(o.only) > 0 && !slices.Contains(o.only, t.name) {
			continue
		}
		r, err := run(ctx, o, dir, program, &t)
		var missing *exec.Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &missing):
			fmt.Fprintf(out, "| %s: %s | skipped: %s is not there | | | |\n", t.name, t.what, missing.Name)
			continue
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("%s: %w", t.name, err))
		}
		fmt.Fprintf(out, "| %s: %s | %s | %d | %.1f s | %d MiB |\n", t.name, t.what, size(r.size), r.exit, r.wall.Seconds(), r.peak>>20)
	}
	return failed
}

func size(n int64) string {
	units := []string{"B", "KB", "MB", "GB"}
	for ; n >= 1000 && len(units) > 1; units = units[1:] {
		n = (n + 500) / 1000
	}
	return fmt.Sprint(n, " ", units[0])
}

// A result is how one run went.
type result struct {
	size int64 // of the input
	exit int
	wall time.Duration
	peak int64
}

// run makes an input, has it analyzed and looks at what is left.
func run(ctx context.Context, o *options, dir, program string, t *trial) (result, error) {
	var r result
	work, err := os.MkdirTemp(dir, t.name)
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(work)
	in := filepath.Join(work, "auth"+t.suffix)
	if err := write(ctx, in, t, o.scale); err != nil {
		return r, err
	}
	info, err := os.Stat(in)
	if err != nil {
		return r, err
	}
	r.size = info.Size()
	payments := filepath.Join(work, "payments.csv")
	if err := os.WriteFile(payments, []byte(paymentsFile), 0o600); err != nil {
		return r, err
	}
	out := filepath.Join(work, "case")
	args := append([]string{"analyze", "--auth", in, "--payments", payments, "--out", out, "--memory", o.memory, "--tmp-dir", work, "--quiet"}, t.flags...)
	cmd := exec.CommandContext(ctx, program, args...)
	var said strings.Builder
	cmd.Stderr = &said
	begin := time.Now()
	err = cmd.Run()
	r.wall = time.Since(begin)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, err
	}
	r.exit, r.peak = cmd.ProcessState.ExitCode(), peak(cmd.ProcessState)
	if r.exit != t.exit {
		return r, fmt.Errorf("exit code %d, want %d: %.1000s", r.exit, t.exit, said.String())
	}
	return r, balanced(out, t, o.scale)
}

// balanced checks that no row of a case is lost. A run that failed must leave none.
func balanced(dir string, t *trial, scale int64) error {
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if t.exit == 1 {
		if err == nil {
			return errors.New("it failed, and left a finished case")
		}
		return nil
	}
	if err != nil {
		return err
	}
	var m struct {
		Inputs []struct {
			Name                                 string
			Read, Accepted, Rejected, Duplicates int64
		}
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	var rows int64
	for _, in := range m.Inputs {
		if in.Read != in.Accepted+in.Rejected+in.Duplicates {
			return fmt.Errorf("%s: %d read are not %d + %d + %d", in.Name, in.Read, in.Accepted, in.Rejected, in.Duplicates)
		}
		if strings.HasPrefix(filepath.Base(in.Name), "auth") {
			rows += in.Read
		}
	}
	if t.rows > 0 && rows != t.rows/scale {
		return fmt.Errorf("%d rows read, want %d", rows, t.rows/scale)
	}
	return nil
}

// write makes the input, packed by a tool if the trial says so.
func write(ctx context.Context, path string, t *trial, scale int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	var to io.Writer = f
	finish := func() error { return nil }
	if len(t.pack) > 0 {
		cmd := exec.CommandContext(ctx, t.pack[0], t.pack[1:]...)
		cmd.Stdout = f
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		to, finish = in, func() error { return errors.Join(in.Close(), cmd.Wait()) }
	}
	w := bufio.NewWriterSize(to, 1<<20)
	err = t.write(w, scale)
	return errors.Join(err, w.Flush(), finish(), f.Close())
}
