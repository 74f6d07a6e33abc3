package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/signature"
)

// verifyOptions are the flags of verify.
type verifyOptions struct {
	logs        again
	key         string
	previous    []string
	json, quiet bool
}

func newVerifyCommand(std streams) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify CASE",
		Short: "Hold a case against its manifest and against itself",
		Long: `Hashes every file of a finished case again, and the logs that it was made from
where they can be found; adds up every total again from the tables; and holds the
tables against each other: every line of the ledger has its charge, every charge
its takeover, every victim's lines add up to the loss.

What the case was made from is "not checked" if it is not where it was, which is no
failure: a case may be moved. Nor is a log that could not be read to its end. --auth, --payments, --history, --policy, --decisions,
--balances, --known-bad and --exclude say where it is now; what these name must be
there. Ends with 4 if anything differs.

What verify cannot see by itself is a case of which all files and the manifest were
made anew together. So sign the case (analyze --sign-key) and check it with the
public key (--key), or keep the SHA-256 of the manifest, which verify prints,
elsewhere. --key takes a public key of OpenSSH or a file of allowed signers.

A case that follows another names it by the SHA-256 of its manifest. --previous
says where that one is, and in turn the one that it follows: each is checked as a
whole, with its signature, and so is whether it is the one that is named.`,
		Example: `  paytriage verify case
  paytriage verify case --key soc.pub --previous case-of-yesterday
  paytriage verify case --auth /evidence/auth.csv --payments /evidence/payments.csv
  paytriage verify case --json`,
		Args: exactArgs("CASE"),
		ValidArgsFunction: func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(_ *cobra.Command, args []string) error { return runVerify(std, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.logs.in.auth, "auth", nil, "where the auth log is now (repeatable)")
	f.StringArrayVar(&o.logs.in.payments, "payments", nil, "where the payment log is now (repeatable)")
	f.StringArrayVar(&o.logs.in.history, "history", nil, "where the older auth log is now (repeatable)")
	f.StringVar(&o.logs.in.policyFile, "policy", "", "where the policy file is now")
	for _, b := range o.beside() {
		f.StringVar(b.path, b.role, "", "where the file of "+b.what+" is now")
	}
	f.StringVar(&o.key, "key", "", "public key that the case must be signed with, or a file of allowed signers")
	f.StringArrayVar(&o.previous, "previous", nil, "where the case is that this one follows, or one before it (repeatable)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

// A verification is what verify prints.
type verification struct {
	Case     string        `json:"case"`
	Manifest string        `json:"manifest_sha256"`
	OK       int           `json:"ok"`
	Differs  int           `json:"differs"`
	Not      int           `json:"not_checked"`
	Checks   report.Checks `json:"checks"`
}

func runVerify(std streams, o *verifyOptions, folder string) error {
	if o.json && o.quiet {
		return errJSONQuiet
	}
	var keys *signature.Keys
	var err error
	if o.key != "" {
		if keys, err = readKeys(o.key); err != nil {
			return err
		}
	}
	checks, m, err := report.Verify(folder, keys)
	if err != nil {
		return err
	}
	if m != nil {
		if err := o.given(); err != nil {
			return err
		}
		checks = append(checks, o.inputs(m)...)
		checks = append(checks, o.policy(m)...)
		chain, err := report.VerifyChain(m, o.previous, keys)
		if err != nil {
			return err
		}
		checks = append(checks, chain...)
	}
	v := verification{Case: folder, Checks: checks, OK: checks.Count(report.Holds), Differs: checks.Count(report.Differs), Not: checks.Count(report.NotChecked)}
	if v.Manifest, err = report.ManifestHash(folder); err != nil {
		return err
	}
	switch {
	case o.json:
		err = report.WriteJSON(std.out, v)
	case !o.quiet:
		err = v.print(std)
	}
	if err == nil && v.Differs > 0 {
		err = &checkError{fmt.Sprintf("%s: %d of %d checks do not hold", folder, v.Differs, len(checks)), "do not rely on this case; make it again from the logs, and keep it where nobody writes"}
	}
	return err
}

// print shows what differs, what was not checked, and how much holds.
func (v *verification) print(std streams) error {
	var pairs []console.Pair
	for _, c := range v.Checks {
		if c.State != report.Holds {
			pairs = append(pairs, console.Pair{Key: strings.ReplaceAll(c.State, "_", " "), Value: c.What + ": " + c.Detail})
		}
	}
	pairs = append(pairs, console.Pair{Key: "checks", Value: fmt.Sprintf("%d hold, %d differ, %d not checked", v.OK, v.Differs, v.Not)},
		console.Pair{Key: "manifest", Value: "SHA-256 " + v.Manifest})
	return console.Block(std.out, "", report.Wrapped(pairs, std.width()), console.Options{Width: std.width(), Color: std.color()})
}

// A besideFile is a kind of file beside the logs that a case can be made with.
type besideFile struct {
	role, what string
	path       *string
}

func (o *verifyOptions) beside() []besideFile {
	in := &o.logs.in
	return []besideFile{{forensics.DecisionsRole, "decisions", &in.decisions}, {forensics.BalancesRole, "balances", &in.balances},
		{forensics.KnownBadRole, "what others saw", &in.knownBad}, {forensics.ExcludeRole, "what was left out", &in.exclude}}
}

// given makes sure that what flags name is there: only what nobody named may be
// missing.
func (o *verifyOptions) given() error {
	for _, one := range o.logs.in.each() {
		if _, err := one.expand(); err != nil {
			return err
		}
	}
	files := []string{o.logs.in.policyFile}
	for _, b := range o.beside() {
		files = append(files, *b.path)
	}
	for _, path := range files {
		if _, err := os.Stat(path); path != "" && err != nil {
			return &hintError{err, "check the name of the file"}
		}
	}
	return nil
}

// inputs holds the logs against the hashes that they had. A log is known by its
// hash, whatever its name is now.
func (o *verifyOptions) inputs(m *report.Manifest) report.Checks {
	files, missing := o.find(m)
	sums := map[string]bool{}
	for _, f := range files {
		if _, sum, err := report.HashFile(f.Path); err == nil {
			sums[f.Role.String()+sum] = true
		}
	}
	byName := map[string]parsers.Input{}
	parsers.Shorten(files)
	for _, f := range files {
		byName[f.Role.String()+f.Name] = f
	}
	var checks report.Checks
	for _, in := range m.Inputs {
		what := in.Role + " log " + in.Name
		name, _, _ := strings.Cut(in.Name, "!") // a member of an archive
		f, found := byName[in.Role+name]
		switch {
		case !isLog(in.Role):
			checks = append(checks, report.VerifyFile(o.pathOf(in), in.Role+" "+in.Name, in.Bytes, in.SHA256))
		case in.NotReadToEnd:
			checks = append(checks, report.Check{What: what, State: report.NotChecked, Detail: "not read to its end when the case was made, so that it has no hash"})
		case sums[in.Role+in.SHA256]:
			checks = append(checks, report.Check{What: what, State: report.Holds})
		case found:
			checks = append(checks, report.VerifyFile(f.Path, what, in.Bytes, in.SHA256))
		default:
			checks = append(checks, report.Check{What: what, State: report.NotChecked, Detail: missing})
		}
	}
	return checks
}

// pathOf returns where a file beside the logs is: as a flag says, else as the case
// was made.
func (o *verifyOptions) pathOf(in report.Input) string {
	for _, b := range o.beside() {
		if b.role == in.Role && *b.path != "" {
			return *b.path
		}
	}
	return in.Name
}

// find returns the files that the logs may be, and why one may not be among them.
func (o *verifyOptions) find(m *report.Manifest) (files []parsers.Input, missing string) {
	given := len(o.logs.in.auth)+len(o.logs.in.payments)+len(o.logs.in.history) > 0
	missing = "is not there; say where it is with --auth, --payments or --history"
	if err := o.logs.asMade(m); err != nil && !given {
		return nil, err.Error()
	}
	for _, one := range o.logs.in.each() {
		var in analyzeOptions
		in.auth, in.payments, in.history = one.auth, one.payments, one.history
		if n, err := in.expand(); err == nil {
			files = append(files, n.files...)
		}
	}
	return files, missing
}

// each returns options with one input each, so that one that is gone does not
// hide the others.
func (o *analyzeOptions) each() (all []analyzeOptions) {
	for _, a := range o.auth {
		all = append(all, analyzeOptions{auth: []string{a}})
	}
	for _, p := range o.payments {
		all = append(all, analyzeOptions{payments: []string{p}})
	}
	for _, h := range o.history {
		all = append(all, analyzeOptions{history: []string{h}})
	}
	return all
}

// policy holds the policy that the case names against the one that would be used
// now.
func (o *verifyOptions) policy(m *report.Manifest) report.Checks {
	what := "policy " + o.logs.in.policyFile
	if o.logs.in.policyFile == "" {
		what = "built-in policy"
	}
	p, err := o.logs.in.policy()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return report.Checks{{What: what, State: report.NotChecked, Detail: "is not there; say where it is with --policy"}}
	case err != nil:
		return report.Checks{{What: what, State: report.NotChecked, Detail: err.Error()}}
	case p.Hash() == m.PolicyHash:
		return report.Checks{{What: what, State: report.Holds}}
	case o.logs.in.policyFile == "" && (m.Version != report.ToolVersion() || policyUnknown(m)):
		return report.Checks{{What: what, State: report.NotChecked, Detail: "this program has another; the case was made by version " + m.Version}}
	}
	return report.Checks{{What: what, State: report.Differs, Detail: fmt.Sprintf("has the hash %s, had %s", p.Hash(), m.PolicyHash)}}
}

// policyUnknown reports whether the manifest does not say which policy was used,
// or the program has no version that would tell one build from another.
func policyUnknown(m *report.Manifest) bool {
	return len(m.Command) == 0 || m.Version == "devel"
}
