package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
)

// explainOptions are the flags of explain.
type explainOptions struct {
	again
	json, raw bool
	rows      int
}

func newExplainCommand(std streams) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain CASE ACCOUNT",
		Short: "Say why an account is a victim, or why not",
		Long: `Weighs an account of a case once more, with the evaluator of analyze, and tells
all of it: who used the account, each visit of a newcomer with every signal, how
common that is among honest newcomers of these logs and among thieves, and its
weight; what would have changed the verdict; the account's rows with file and
line, whose each charge is and why; and what is owed. It does so for victims and
for all others.

The logs are those that the case was made from, which its manifest names; where
they have moved, name them with --auth and --payments. Changed logs are refused.
So it is with the balances and decisions that the case was made with: where a
person's decision goes before the evidence, that is said.`,
		Example: `  paytriage explain case t8b9edee6w
  paytriage explain case n7pzq3qt0k --json
  paytriage explain case t8b9edee6w --raw --rows 0`,
		Args: exactArgs("CASE", "ACCOUNT"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runExplain(cmd.Context(), std, &o, args[0], args[1])
		},
	}
	f := cmd.Flags()
	o.again.addFlags(f)
	f.StringVar(&o.in.policyFile, "policy", "", "where the policy file is now")
	f.StringVar(&o.in.balances, "balances", "", "where the file of balances is now")
	f.StringVar(&o.in.decisions, "decisions", "", "where the file of decisions is now")
	f.StringVar(&o.in.knownBad, "known-bad", "", "where the list of what others saw is now")
	f.IntVar(&o.rows, "rows", 200, "show at most so many rows of the account, those of visitors first; 0 for all")
	f.BoolVar(&o.raw, "raw", false, "show the rows as they stand in their files, too")
	f.BoolVar(&o.json, "json", false, "print JSON")
	complete(cmd, "progress", progressModes...)
	cmd.MarkFlagFilename("policy", "yaml", "yml")
	cmd.MarkFlagFilename("balances", "csv")
	cmd.MarkFlagFilename("decisions", "csv")
	return cmd
}

// An explanation is all that is known of an account.
type explanation struct {
	*forensics.Explanation
	policyHash       string
	vector, campaign string // of a takeover, as the case says
}

func runExplain(ctx context.Context, std streams, o *explainOptions, folder, account string) error {
	if err := o.again.validate("explain"); err != nil {
		return err
	}
	if o.rows < 0 {
		return &usageError{"--rows must not be negative", "0 shows all rows"}
	}
	said, err := readTakeovers(folder)
	if err != nil {
		return err
	}
	summary, err := report.ReadSummary(folder)
	if err != nil {
		return &hintError{err, "the case is not what analyze wrote; run it again"}
	}
	log, discard, err := o.again.load(ctx, std, folder, summary)
	if err != nil {
		return err
	}
	defer discard()
	p, err := o.samePolicy(summary)
	if err != nil {
		return err
	}
	known, err := o.readKnown(folder)
	if err != nil {
		return err
	}
	x, err := forensics.Examine(ctx, log, p, forensics.Options{Workers: o.in.workers, Known: known.Known})
	if err != nil {
		return err
	}
	e, err := explainAccount(ctx, x, said, account, forensics.ExplainOptions{Events: o.rows, Raw: o.raw})
	switch {
	case errors.Is(err, forensics.ErrNoAccount):
		return &hintError{fmt.Errorf("account %q: %w", discreet.Shown(account), err), "ids are compared letter by letter, with leading zeros; 'paytriage show " + folder + " takeovers' lists those that were entered" + o.rejected(summary, folder)}
	case errors.Is(err, errOtherScore):
		return &hintError{err, "the case was made by another version of paytriage; run analyze again"}
	case err != nil:
		return err
	}
	e.policyHash = summary.PolicyHash
	if o.json {
		err = report.WriteJSON(std.out, explainJSON(e))
	} else {
		err = printExplanation(std.out, e, console.Options{Width: std.width(), Color: std.color()})
	}
	if err != nil {
		return err
	}
	return incomplete(summary, folder)
}

// rejected adds to a hint that rows of the account may have been rejected.
func (o *explainOptions) rejected(s *report.Summary, folder string) string {
	if s.Rows.Rejected == 0 {
		return ""
	}
	return "; its rows may be among those that 'paytriage show " + folder + " rejects' lists"
}

// samePolicy returns the policy that the case was made by.
func (o *explainOptions) samePolicy(s *report.Summary) (*policy.Policy, error) {
	p, err := o.in.policy()
	if err == nil && p.Hash() != s.PolicyHash {
		err = &hintError{errors.New("the policy is not the one that the case was made by"), "name the policy file of then with --policy, or make the case again"}
	}
	return &p, err
}

// A takeoverRow is what a case says of an account.
type takeoverRow struct {
	tier             takeover.Tier
	score            int64
	vector, campaign string
}

// readTakeovers returns what a case says of each account that was entered.
func readTakeovers(folder string) (map[string]takeoverRow, error) {
	t, err := readTable(folder, "takeovers")
	if err != nil {
		return nil, err
	}
	cells := cellsOf(t)
	said := map[string]takeoverRow{}
	for row := range t.Rows() {
		tier, ok := takeover.ParseTier(cells("tier").Text(row))
		if !ok {
			return nil, &hintError{fmt.Errorf("%s: table takeovers: row %d: no tier", folder, row+1), "the case is not what analyze wrote; run it again"}
		}
		said[cells("account_id").Text(row)] = takeoverRow{tier, cells("score").Int(row), cells("vector").Text(row), cells("campaign_id").Text(row)}
	}
	return said, nil
}

var errOtherScore = errors.New("this version weighs it differently")

// explainAccount explains an account, and makes sure that the case says the same.
func explainAccount(ctx context.Context, x *forensics.Examination, said map[string]takeoverRow, account string, opt forensics.ExplainOptions) (*explanation, error) {
	e, err := x.Explain(ctx, account, opt)
	if err != nil {
		return nil, err
	}
	row, ok := said[account]
	if e.Dismissed && !ok {
		return &explanation{Explanation: e}, nil
	}
	if row.tier != e.Tier || ok && row.score != int64(e.Score) {
		return nil, fmt.Errorf("account %q is %s with score %d in the case, and %s with %d now: %w", discreet.Shown(account), tierWord(row.tier), row.score, tierWord(e.Tier), e.Score, errOtherScore)
	}
	return &explanation{Explanation: e, vector: row.vector, campaign: row.campaign}, nil
}

// tierWord returns the word for a tier.
func tierWord(t takeover.Tier) string {
	if t == takeover.NoTier {
		return "not named"
	}
	return t.String()
}

// factor writes what a weight makes of odds, as a number of times.
func factor(w odds.Centibans) string {
	if w < 0 {
		w = -w
	}
	if w > 900 {
		return "a billion"
	}
	p := (w % 100).PPB()
	n := p * 100 / (odds.One - p) // hundredths, below ten
	if w < 100 {
		return fmt.Sprintf("%d.%d", n/100, n/10%10)
	}
	for ; w >= 200; w -= 100 {
		n *= 10
	}
	scale := int64(10) // two digits say enough
	for n/scale >= 100 {
		scale *= 10
	}
	return count(n / scale * scale / 10)
}

// oddsWords says what a score means.
func oddsWords(score odds.Centibans) string {
	switch {
	case score > 0:
		return "odds of " + factor(score) + " to 1 that it was a thief"
	case score < 0:
		return "odds of " + factor(score) + " to 1 that it was no thief"
	}
	return "as likely a thief as not"
}

// meanings say what tiers promise.
var meanings = [...]string{
	takeover.NoTier:    "less likely a thief than not",
	takeover.Possible:  "for a person to look at; in no total of what is owed",
	takeover.Probable:  "of what is called probable at most 1 in 20 may be wrong",
	takeover.Confirmed: "of what is called confirmed at most 1 in 100 may be wrong",
}

// sharePercent writes a share with about two digits, "" for none.
func sharePercent(ppb int64) string {
	const one = odds.One / 100
	if ppb < 0 {
		return ""
	}
	digits, scale := 0, int64(1)
	for ppb*scale < 10*one && digits < 3 {
		digits, scale = digits+1, scale*10
	}
	n := (ppb*scale + one/2) / one
	if digits == 0 {
		return fmt.Sprintf("%d %%", n)
	}
	return fmt.Sprintf("%d.%0*d %%", n/scale, digits, n%scale)
}

// whose says whose a row is, and why of a charge.
func whose(e *forensics.Event) string {
	text := "nobody known"
	switch {
	case e.Verdict == "stolen" || e.Verdict == "possible":
		text = fmt.Sprintf("%s, visit %d", strings.ToUpper(e.Verdict), e.Visit)
	case e.Visit > 0:
		text = fmt.Sprintf("visit %d", e.Visit)
	case e.User > 0:
		text = fmt.Sprintf("user %d", e.User)
	}
	if e.Why != "" && (e.Verdict != "own" || e.User == 0) {
		text += ": " + e.Why
	}
	return text
}

// position returns where a row stands.
func position(e *forensics.Event) string {
	where := fmt.Sprintf("%s:%d", e.Source, e.Line)
	if e.Role == event.History {
		where += " (history)"
	}
	return where
}
