package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/bridge"
	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/claims"
	"github.com/paytriage/paytriage/forensics/closeout"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/parsers/profile"
	"github.com/paytriage/paytriage/report"
)

func newSchemaCommand(std streams) *cobra.Command {
	topics := []string{"input", "codes", "policy", "profiles", "profile"}
	topics = append(topics, tableNames()...)
	return &cobra.Command{
		Use:   "schema [TABLE|input|codes|policy|profiles|profile NAME]",
		Short: "Print what every table, column and code means",
		Long: `Prints the columns of every table of a case, of a ledger that was drawn up of one,
and of what other commands write, with their types and meaning, or of one table (of
every command that writes one of that name); the columns that are read (input); what reason codes, ways in and
statuses mean (codes); the policy with every threshold and its reason (policy); the
exports that are known (profiles), and the profile of one as YAML (profile NAME).`,
		Example: `  paytriage schema victims
  paytriage schema input
  paytriage schema policy > policy.yaml
  paytriage schema profiles
  paytriage schema profile okta > mine.yaml`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) > 0 && args[0] == "profile" && len(args) != 2:
				return &usageError{"schema profile wants one name", "'paytriage schema profiles' lists them"}
			case len(args) > 1 && args[0] != "profile":
				return &usageError{"schema prints one thing at a time", "see 'paytriage schema --help'"}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			switch {
			case len(args) == 0:
				return topics, cobra.ShellCompDirectiveNoFileComp
			case len(args) == 1 && args[0] == "profile":
				return profileNames(), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			what := ""
			if len(args) > 0 {
				what = args[0]
			}
			if what == "profile" {
				return printProfile(std.out, args[1])
			}
			return runSchema(std.out, what)
		},
	}
}

// allSchemas lists the tables of a case, of a drawn-up ledger, and of other commands.
func allSchemas() []report.CommandTable {
	var all []report.CommandTable
	for _, s := range slices.Concat(report.Schemas(), report.DraftSchemas()) {
		all = append(all, report.CommandTable{Schema: s})
	}
	return append(all, report.CommandTables()...)
}

// tableNames lists the names of tables, each once.
func tableNames() []string {
	var names []string
	for _, s := range allSchemas() {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
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
	case "profiles":
		return printProfiles(w)
	}
	found := false
	for _, s := range allSchemas() {
		if what == "" || what == s.Name {
			found = true
			if err := printSchema(w, s); err != nil {
				return err
			}
		}
	}
	if !found {
		return &usageError{fmt.Sprintf("no table %q", what), "tables: " + strings.Join(tableNames(), ", ") + "; also: input, codes, policy, profiles, profile NAME"}
	}
	return nil
}

func printSchema(w io.Writer, s report.CommandTable) error {
	of := ""
	if s.Command != "" {
		of = " (of paytriage " + s.Command + ")"
	}
	_, err := fmt.Fprintf(w, "%s%s: %s\n", s.Name, of, s.Doc)
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
	for _, r := range forensics.ChargeReasons() {
		code(r.Code, r.Doc)
	}
	section("\nways in (vector)")
	for _, v := range campaign.Vectors() {
		code(v.String(), v.Doc())
	}
	section("\nfigures for and against ways in (summary.json, ways_in)")
	for _, f := range slices.Sorted(maps.Keys(campaign.FigureDocs)) {
		code(f, campaign.FigureDocs[f])
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
	section("\neffects of decisions")
	for _, e := range forensics.DecisionEffects() {
		code(e.String(), e.Doc())
	}
	section("\noutcomes of claims")
	for _, o := range claims.Outcomes() {
		code(o.String(), o.Doc())
	}
	section("\nreasons of a bridge")
	for _, r := range bridge.Reasons() {
		code(r[0], r[1])
	}
	section("\nstates of a closeout")
	for _, s := range closeout.States() {
		code(s.String(), s.Doc())
	}
	section("\nreasons of a closeout")
	for _, r := range closeout.AllReasons() {
		code(r.String(), r.Doc())
	}
	section("\nclaims of a closeout")
	for _, o := range closeout.Outcomes() {
		code(o.String(), o.Doc())
	}
	for _, c := range ledger.Codes() {
		section("\n" + c.Of)
		for _, w := range c.Words {
			code(w[0], w[1])
		}
	}
	return err
}

// profileNames lists the embedded profiles.
func profileNames() []string {
	all, err := profile.All()
	if err != nil {
		return nil
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return names
}

// printProfiles lists the exports that are known, with what --param may say.
func printProfiles(w io.Writer) error {
	all, err := profile.All()
	if err != nil {
		return err
	}
	rows := [][4]string{{parsers.Neutral, "both", "neutral schema, see 'paytriage schema input'", ""}}
	for _, p := range all {
		var params []string
		for _, name := range slices.Sorted(maps.Keys(p.Params)) {
			if value := p.Params[name]; value != "" {
				name += "=" + value
			} else {
				name += " (must be given)"
			}
			params = append(params, name)
		}
		title := p.Title
		if p.AskFor {
			title += "; only with --profile"
		}
		rows = append(rows, [4]string{p.Name, p.Role, title, strings.Join(params, ", ")})
	}
	name := 0
	for _, r := range rows {
		name = max(name, len(r[0]))
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%-*s  %-8s  %s\n", name, r[0], r[1], r[2]); err != nil {
			return err
		}
		if r[3] != "" {
			if _, err := fmt.Fprintf(w, "%*s  parameters: %s\n", name+10, "", r[3]); err != nil {
				return err
			}
		}
	}
	return nil
}

// printProfile prints a profile.
func printProfile(w io.Writer, name string) error {
	text, ok := profile.Text(name)
	if !ok {
		hint := "there are " + strings.Join(profileNames(), ", ")
		if name == parsers.Neutral {
			hint = "the neutral schema is none; 'paytriage schema input' lists its columns"
		}
		return &usageError{fmt.Sprintf("no profile %q", name), hint}
	}
	_, err := w.Write(text)
	return err
}
