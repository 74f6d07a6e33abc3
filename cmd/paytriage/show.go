package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
)

func newShowCommand(std streams) *cobra.Command {
	var rows int
	var columns []string
	var asCSV bool
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
		Args:      usageArgs(cobra.ExactArgs(2)),
		ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(names, args[1]) {
				return &usageError{fmt.Sprintf("no table %q", args[1]), "tables: " + strings.Join(names, ", ")}
			}
			t, err := report.Read(args[0], args[1])
			if err != nil {
				return err
			}
			if asCSV {
				return csvfile.Write(std.out, t)
			}
			for _, c := range columns {
				if _, ok := t.Schema().Find(c); !ok {
					return &usageError{fmt.Sprintf("%s has no column %q", args[1], c), "see 'paytriage schema " + args[1] + "'"}
				}
			}
			return console.Table(std.out, t, console.Options{Columns: columns, Rows: rows, Width: std.width(), Color: std.color()})
		},
	}
	cmd.Flags().IntVar(&rows, "rows", 0, "show at most so many rows; 0 for all")
	cmd.Flags().StringSliceVar(&columns, "columns", nil, "columns to show, comma-separated")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print CSV, as in the case folder")
	return cmd
}
