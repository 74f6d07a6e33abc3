package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// showOptions are the flags of show.
type showOptions struct {
	rows    int
	columns []string
	csv     bool
}

func newShowCommand(std streams) *cobra.Command {
	var o showOptions
	var names []string
	for _, s := range report.Schemas() {
		names = append(names, s.Name)
	}
	cmd := &cobra.Command{
		Use:   "show CASE TABLE",
		Short: "Print a table of a case",
		Long:  "Prints a table of a finished case, whichever format it was written in.\nTables: " + strings.Join(names, ", ") + "\n",
		Example: `  paytriage show case victims
  paytriage show case charges --columns txn_id,amount,store_id --rows 20
  paytriage show case refunds --csv > refunds.csv`,
		Args: exactArgs("CASE", "TABLE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return runShow(std, &o, args[0], args[1], names) },
	}
	cmd.Flags().IntVar(&o.rows, "rows", 0, "show at most so many rows; 0 for all")
	cmd.Flags().StringSliceVar(&o.columns, "columns", nil, "columns to show, comma-separated")
	cmd.Flags().BoolVar(&o.csv, "csv", false, "print CSV, as in the case folder")
	return cmd
}

func runShow(std streams, o *showOptions, folder, name string, names []string) error {
	switch {
	case !slices.Contains(names, name):
		return &usageError{fmt.Sprintf("no table %q", name), "tables: " + strings.Join(names, ", ")}
	case o.rows < 0:
		return &usageError{"--rows must not be negative", "0 shows all rows"}
	}
	t, err := report.Read(folder, name)
	var open *report.OpenError
	switch {
	case errors.As(err, &open):
		return err
	case err != nil:
		return &hintError{fmt.Errorf("%s: %w", folder, err), "the case is not what analyze wrote; run it again"}
	}
	for i, c := range o.columns {
		if _, ok := t.Schema().Find(c); !ok {
			return &usageError{fmt.Sprintf("--columns: %s has no column %q", name, c), "see 'paytriage schema " + name + "'"}
		}
		if slices.Contains(o.columns[:i], c) {
			return &usageError{fmt.Sprintf("--columns names %s twice", c), "name each column once"}
		}
	}
	if !o.csv {
		return showTable(std, o, t)
	}
	if t, err = report.Select(t, o.columns, o.rows); err != nil {
		return err
	}
	return csvfile.Write(std.out, t)
}

// showTable prints a table for a person: the columns that were asked for, or, on
// a terminal, those that fit.
func showTable(std streams, o *showOptions, t *table.Table) error {
	opt := console.Options{Columns: o.columns, Rows: o.rows, Color: std.color()}
	if opt.Columns == nil {
		var err error
		if opt.Columns, err = report.Fitting(t, columnNames(t.Schema()), opt, std.width()); err != nil {
			return err
		}
	}
	opt.Width = std.width()
	if err := console.Table(std.out, t, opt); err != nil {
		return err
	}
	if n, all := len(opt.Columns), len(t.Schema().Columns); o.columns == nil && n < all {
		fmt.Fprintf(std.err, "paytriage: note: %d of %d columns fit; --columns chooses others, --csv prints all\n", n, all)
	}
	return nil
}

func columnNames(s table.Schema) []string {
	var names []string
	for _, c := range s.Columns {
		names = append(names, c.Name)
	}
	return names
}
