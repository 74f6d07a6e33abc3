package main

import "github.com/spf13/cobra"

// newReportsCommand holds the subcommands of refunds.
func newReportsCommand(std streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "refunds",
		Short:   "What finance does with a case",
		Long:    "What finance does with a case beside paying: requests to issuers and their answers,\nthe provision, and notices.\n",
		Example: "  paytriage refunds provision case",
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(refundsReports(std)...)
	return cmd
}
