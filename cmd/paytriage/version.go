package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/report"
)

func newVersionCommand(std streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  paytriage version --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := report.ToolVersion()
			if !asJSON {
				_, err := fmt.Fprintf(std.out, "paytriage %s %s/%s %s\n", v, runtime.GOOS, runtime.GOARCH, runtime.Version())
				return err
			}
			modules := map[string]string{}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, d := range info.Deps {
					modules[d.Path] = d.Version
				}
			}
			return report.WriteJSON(std.out, map[string]any{"version": v, "go": runtime.Version(),
				"os": runtime.GOOS, "arch": runtime.GOARCH, "modules": modules, "summary_schema": report.SummaryVersion})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON, with the modules that were built in")
	return cmd
}
