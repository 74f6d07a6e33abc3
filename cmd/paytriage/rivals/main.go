// Command rivals measures how fast analyze is, beside general engines that are
// asked a smaller question of the same files, and prints a table.
//
//	go run ./cmd/paytriage/rivals                      a million rows, three runs of each
//	go run ./cmd/paytriage/rivals -rows 1e6,11e6,1e8   the sizes of the README; an hour or two, 35 GB of disk
//	go run ./cmd/paytriage/rivals -only floor,paytriage,paytriage-1
//
// It builds the program, lets it simulate an incident of each size, and runs in
// turn, each in a process of its own:
//
//	floor        the two files only read, hashed (SHA-256) and split into fields,
//	             by the program's own readers and workers: nothing can be quicker
//	paytriage    analyze
//	analyst      what a skilled analyst would write for DuckDB (analyst.sql)
//	duckdb       the same question, as quick as DuckDB was made to answer it
//	polars       the same, with Polars, lazily and streaming
//	clickhouse   the same, with ClickHouse as a library (chDB)
//
// floor-1 and paytriage-1 are the first two with one worker. The question is
// which accounts were entered by the analyst's rule of thumb, and which approved
// charges followed: a part of what analyze finds, without its weights, ledger,
// checks of rows and hashes of inputs. The rivals must give the same answer to
// the row; it is held against the truth beside that of paytriage evaluate.
//
// The engines need python3 with duckdb, polars and chdb (pip install duckdb
// polars chdb); what is missing is skipped, and the table says so. What they take
// to start is counted, as it is for analyze. Everything is written to a temporary
// folder (-dir) that is removed in the end: about 180 bytes a row, twice that
// while the incident is simulated, and what the engines spill.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// maxRows is how many rows are simulated at most.
const maxRows = 2_000_000_000

// options are the flags.
type options struct {
	rows    []int
	runs    int
	workers int
	only    []string
	python  string
	dir     string
	with    []string // more flags of analyze
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("rivals", flag.ContinueOnError)
	rows := f.String("rows", "1e6", "comma-separated sizes, in rows of both files together, such as 1e6,11e6,1e8")
	f.IntVar(&o.runs, "runs", 3, "runs of each, in turn")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "workers, and threads of the rivals")
	only := f.String("only", "", "comma-separated names; empty: all")
	f.StringVar(&o.python, "python", "python3", "the Python that has the rivals")
	f.StringVar(&o.dir, "dir", "", "folder for the files; empty: that for temporary files")
	with := f.String("with", "", "more flags of analyze, separated by blanks")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(*rows, ",") {
		n, err := parseRows(text)
		if err != nil {
			return o, err
		}
		o.rows = append(o.rows, n)
	}
	slices.Sort(o.rows) // what this program itself has used of memory then stays below what it measures
	o.rows = slices.Compact(o.rows)
	if f.NArg() > 0 || o.runs < 1 || o.runs > 1000 || o.workers < 1 || o.workers > 1024 {
		return o, errors.New("rivals takes flags only; -runs must be 1 to 1000, -workers 1 to 1024")
	}
	o.only = names(o.workers)
	if *only != "" {
		o.only = strings.Split(*only, ",")
		for _, name := range o.only {
			if !slices.Contains(names(2), name) {
				return o, fmt.Errorf("-only: no %q; there are %s", name, strings.Join(names(2), ", "))
			}
		}
	}
	o.with = strings.Fields(*with)
	var err error
	if filepath.Base(o.python) != o.python { // each run has a folder of its own
		o.python, err = filepath.Abs(o.python)
	}
	return o, err
}

// parseRows reads a number of rows such as 1000000, 1e6 or 11e6.
func parseRows(text string) (int, error) {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || n != math.Trunc(n) || !(n >= leastRows && n <= maxRows) {
		return 0, fmt.Errorf("-rows: %q is no whole number from %d to %d, such as 1e6", text, leastRows, maxRows)
	}
	return int(n), nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	if len(os.Args) > 1 && os.Args[1] == floorCommand {
		err = runFloor(ctx, os.Args[2:])
	} else {
		err = run(ctx, os.Args[1:])
	}
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rivals:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "paytriage-rivals-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	c, err := newContest(ctx, o, dir)
	if err != nil {
		return err
	}
	var sizes []size
	for _, rows := range o.rows {
		s, err := c.measure(ctx, rows)
		if err != nil {
			return fmt.Errorf("%d rows: %w", rows, err)
		}
		sizes = append(sizes, s)
		printSize(os.Stdout, &s)
	}
	printScaling(os.Stdout, sizes)
	for i := range sizes {
		if err := sizes[i].disagreement(); err != nil {
			return err
		}
	}
	return nil
}
