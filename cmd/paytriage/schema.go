package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/table"
)

func newSchemaCommand(std streams) *cobra.Command {
	topics := []string{"input", "codes", "policy"}
	for _, s := range report.Schemas() {
		topics = append(topics, s.Name)
	}
	return &cobra.Command{
		Use:   "schema [TABLE|input|codes|policy]",
		Short: "Print what every table, column and code means",
		Long: `Prints the columns of every table of a case with their types and meaning, or of
one table; the columns that are read (input); what reason codes, ways in and
statuses mean (codes); the policy with every threshold and its reason (policy).`,
		Example: `  paytriage schema victims
  paytriage schema input
  paytriage schema policy > policy.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{"schema prints one thing at a time", "see 'paytriage schema --help'"}
			}
			return nil
		},
		ValidArgs: topics,
		RunE: func(_ *cobra.Command, args []string) error {
			what := ""
			if len(args) == 1 {
				what = args[0]
			}
			return runSchema(std.out, what)
		},
	}
}

func runSchema(w io.Writer, what string) error {
	switch what {
	case "input":
		return printInput(w)
	case "codes":
		return printCodes(w)
	case "policy":
		_, err := w.Write(policy.DefaultFile())
		return err
	}
	var names []string
	found := false
	for _, s := range report.Schemas() {
		names = append(names, s.Name)
		if what == "" || what == s.Name {
			found = true
			if err := printSchema(w, s); err != nil {
				return err
			}
		}
	}
	if !found {
		return &usageError{fmt.Sprintf("no table %q", what), "tables: " + strings.Join(names, ", ") + "; also: input, codes, policy"}
	}
	return nil
}

func printSchema(w io.Writer, s table.Schema) error {
	_, err := fmt.Fprintf(w, "%s: %s\n", s.Name, s.Doc)
	for _, c := range s.Columns {
		kind := c.Kind.String()
		if c.Nullable {
			kind += "?"
		}
		if err == nil {
			_, err = fmt.Fprintf(w, "  %-20s %-8s %s\n", c.Name, kind, c.Doc)
		}
	}
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
	return err
}

func printInput(w io.Writer) error {
	var err error
	print := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	for _, l := range []struct {
		role   event.Role
		fields []event.Field
	}{{event.Auth, event.AuthFields}, {event.Payments, event.PaymentFields}} {
		print("%s: CSV with a header; columns in any order, others are ignored and named\n", l.role)
		for _, f := range l.fields {
			need := ""
			for _, r := range event.Required(l.role) {
				if r == f {
					need = "required"
				}
			}
			print("  %-25s %-9s %s\n", f, need, f.Doc())
		}
		print("\n")
	}
	return err
}

func printCodes(w io.Writer) error {
	var err error
	section := func(title string) {
		if err == nil {
			_, err = fmt.Fprintf(w, "%s\n", title)
		}
	}
	code := func(c, doc string) {
		if err == nil {
			_, err = fmt.Fprintf(w, "  %-24s %s\n", c, doc)
		}
	}
	section("reasons of victims, takeovers and charges")
	for _, r := range takeover.AllReasons() {
		code(r.String(), r.Doc())
	}
	section("\nways in (vector)")
	for _, v := range campaign.Vectors() {
		code(v.String(), v.Doc())
	}
	section("\ncomponents of refunds")
	for _, c := range refund.Components() {
		code(c.String(), c.Doc())
	}
	section("\nstatuses of refunds")
	for _, s := range refund.Statuses() {
		code(s.String(), s.Doc())
	}
	section("\nreasons of refunds")
	for _, r := range refund.AllReasons() {
		code(r.String(), r.Doc())
	}
	return err
}
