package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/samples/gen"
)

// simulateOptions are the flags of simulate.
type simulateOptions struct {
	preset   string
	out      string
	seed     uint64
	accounts int
	days     int
	vary     bool
	workers  int
	force    bool
	json     bool
	quiet    bool
	progress string
}

func (o *simulateOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.preset, "preset", "list-type", "the world, one of the list above")
	f.StringVar(&o.out, "out", "", "folder to write")
	f.Uint64Var(&o.seed, "seed", 0, "another world of the same kind; 0 is the preset's own")
	f.IntVar(&o.accounts, "accounts", 0, "how many accounts; 0 is the preset's own number")
	f.IntVar(&o.days, "days", 0, "how many days; 0 is the preset's own number")
	f.BoolVar(&o.vary, "vary", false, "draw every rate and the size of every attack from around the preset's, by the seed")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "processors that work; the result is the same for any number")
	f.BoolVar(&o.force, "force", false, "write into a folder that has such files already")
	f.BoolVar(&o.json, "json", false, "print the counts as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.StringVar(&o.progress, "progress", "auto", "progress on stderr: "+strings.Join(progressModes, ", "))
}

func newSimulateCommand(std streams) *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate --out DIR",
		Short: "Write a synthetic incident with its truth",
		Long: `Writes auth.csv and payments.csv of a made-up service in the neutral schema, and
beside them the truth: who was entered by whom (truth_entries.csv), which charges
are stolen (truth_charges.csv), what is owed (truth_money.csv), and the accounts
that were robbed, entered, or only look like it (truth_accounts.csv).

The same flags give the same bytes. Any number of rows fits the memory: what does
not is sorted through temporary files.

Presets; 20,000 accounts, 30 days and 40 to 80 victims where nothing else is said:
` + presetList(),
		Example: `  paytriage simulate --preset list-type --out incident
  paytriage simulate --preset benign-month --accounts 100000 --seed 7 --out quiet-month`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSimulate(cmd.Context(), &o, std) },
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "preset", gen.Presets()...)
	complete(cmd, "progress", progressModes...)
	cmd.MarkFlagDirname("out")
	return cmd
}

// presetList returns the presets, a line each.
func presetList() string {
	var b strings.Builder
	for _, name := range gen.Presets() {
		fmt.Fprintf(&b, "  %-18s  %s\n", name, gen.Describe(name))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// world returns the world that the flags describe.
func (o *simulateOptions) world() (gen.World, error) {
	w, err := gen.Preset(o.preset)
	if err != nil {
		return w, &usageError{fmt.Sprintf("no preset %q", o.preset), "presets: " + strings.Join(gen.Presets(), ", ")}
	}
	switch {
	case o.out == "":
		return w, &usageError{"no folder to write", "give --out DIR"}
	case o.accounts < 0 || o.days < 0:
		return w, &usageError{"--accounts and --days must not be negative", "leave them out for the preset's own numbers"}
	case o.workers < 1 || o.workers > maxWorkers:
		return w, workersError(o.workers, "simulate")
	case !slices.Contains(progressModes, o.progress):
		return w, progressError(o.progress, "simulate")
	case o.json && o.quiet:
		return w, errJSONQuiet
	}
	if o.seed != 0 {
		w.Seed = o.seed
	}
	if o.accounts != 0 {
		w.Accounts = o.accounts
	}
	if o.days != 0 {
		w.Days = o.days
	}
	if o.vary {
		w = gen.Vary(w)
	}
	return w, nil
}

func runSimulate(ctx context.Context, o *simulateOptions, std streams) error {
	w, err := o.world()
	if err != nil {
		return err
	}
	files := simulationFiles{dir: o.out, force: o.force}
	if err := files.open(); err != nil {
		return err
	}
	defer files.discard()
	out := gen.Outputs{
		Auth: files.create("auth.csv"), Payments: files.create("payments.csv"),
		Accounts: files.create("truth_accounts.csv"), Entries: files.create("truth_entries.csv"),
		Charges: files.create("truth_charges.csv"), Money: files.create("truth_money.csv"),
	}
	if files.err != nil {
		return files.err
	}
	bar := newProgress(std, o.progress, o.quiet)
	defer bar.finish()
	var phase string
	var before int64
	sum, err := gen.Simulate(ctx, w, out, gen.Options{Workers: o.workers, TempDir: os.TempDir(),
		Progress: func(p string, done, total int64) {
			if p != phase {
				phase, before = p, 0
				bar.begin(p, total, inSteps)
			}
			bar.add(done - before)
			before = done
		}})
	if err == nil {
		err = files.commit()
	}
	if err != nil {
		return err
	}
	bar.finish()
	return o.show(std, w, sum)
}

// show prints what was simulated.
func (o *simulateOptions) show(std streams, w gen.World, sum gen.Summary) error {
	switch {
	case o.quiet:
		return nil
	case o.json:
		return report.WriteJSON(std.out, sum)
	}
	_, err := fmt.Fprintf(std.out, "%s: %d auth rows, %d payment rows from %s on, %d days\n%d victims, %d yen; %d accounts entered without loss; %d harmless look-alikes\n",
		o.out, sum.AuthRows, sum.PaymentRows, w.Start.UTC().Format(time.RFC3339), w.Days, sum.Victims, sum.NetLoss, sum.Entered, sum.Lookalikes)
	return err
}

// simulationFiles are the files of one simulation: all appear, or none.
type simulationFiles struct {
	dir   string
	force bool
	made  bool // the folder is ours
	files []*atomicfile.File
	err   error
}

// open makes the folder.
func (s *simulationFiles) open() error {
	_, err := os.Lstat(s.dir)
	s.made = errors.Is(err, fs.ErrNotExist)
	if err := atomicfile.Dir(s.dir); err != nil {
		return &hintError{err, "choose another folder with --out"}
	}
	return nil
}

func (s *simulationFiles) create(name string) io.Writer {
	path := filepath.Join(s.dir, name)
	if _, err := os.Lstat(path); err == nil && !s.force && s.err == nil {
		s.err = &hintError{fmt.Errorf("%s: is there already", path), "choose another folder, or overwrite with --force"}
	}
	if s.err != nil {
		return io.Discard
	}
	f, err := atomicfile.Create(path, 0o600)
	if err != nil {
		s.err = err
		return io.Discard
	}
	s.files = append(s.files, f)
	return f
}

func (s *simulationFiles) commit() error {
	var errs error
	for _, f := range s.files {
		_, _, err := f.Commit()
		errs = errors.Join(errs, err)
	}
	return errs
}

// discard gives up what was not committed, and the folder if it was made for
// that.
func (s *simulationFiles) discard() {
	for _, f := range s.files {
		f.Discard()
	}
	if s.made {
		os.Remove(s.dir) // only if it is empty
	}
}
