package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/forensics/calendar"
	"github.com/paytriage/paytriage/forensics/issuer"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/parquetfile"
)

// refundsReports returns what finance asks for beside the ledger, as subcommands
// of refunds.
func refundsReports(std streams) []*cobra.Command {
	return []*cobra.Command{newRequestsCommand(std), newAnswersCommand(std), newProvisionCommand(std), newNoticesCommand(std)}
}

// caseLines returns the lines of a case.
func caseLines(folder string) ([]ledger.Line, error) {
	lines, err := report.ReadLines(folder)
	var open *report.OpenError
	if err != nil && !errors.As(err, &open) {
		err = &hintError{fmt.Errorf("%s: %w", folder, err), "the case is not what analyze wrote; run it again"}
	}
	return lines, err
}

// linesFor returns the lines of a case, which must be those that its summary adds
// up, or those of a ledger that was drawn up from it.
func linesFor(folder, drawn string) ([]ledger.Line, error) {
	lines, err := caseLines(folder)
	if err != nil {
		return nil, err
	}
	if drawn == "" {
		return lines, sameAsSummary(folder, lines)
	}
	err = readSheet(drawn, func(_ string, r io.Reader) error {
		lines, err = report.ReadLedger(r)
		return err
	})
	if err != nil {
		return nil, &hintError{fmt.Errorf("--ledger %s: %w", drawn, err), "give a ledger as 'paytriage refunds' wrote it, as CSV"}
	}
	return lines, nil
}

func completeCase(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// notAnInput refuses to write over a file that is read.
func notAnInput(flag, out string, inputs ...string) error {
	there, err := os.Stat(out)
	if out == "" || err != nil {
		return nil
	}
	for _, path := range inputs {
		if in, err := os.Stat(path); err == nil && os.SameFile(in, there) {
			return &usageError{flag + " " + out + " is an input", "name another file to write"}
		}
	}
	return nil
}

// requestsOptions are the flags of refunds requests.
type requestsOptions struct {
	ledger, out, cutoff, issuers, on, tz string
	force, json, quiet                   bool
}

func newRequestsCommand(std streams) *cobra.Command {
	var o requestsOptions
	cmd := &cobra.Command{
		Use:   "requests CASE --cutoff DAY|FILE --on DATE --tz ZONE --out DIR",
		Short: "Draw up what issuers are asked to keep off their bills",
		Long: `Writes a file for each issuer with the charges that it can still keep off a bill:
those of cards whose cut-off, the first on or after the day of the charge, has not
passed on the day --on. The cut-off day itself is in time. Instruments are
masked, and the files name no account. requests.csv has all lines for
instruments, each in one state, and adds up to the ledger.

--cutoff is a day of the month for all issuers (1 to 31 or end; in shorter months
the last day), or a CSV with issuer and cutoff_day, where issuer * stands for all
others. --issuers is a CSV with funding_ref (a * at its end: what it starts with)
and issuer. An instrument that it does not name is of bin-NNNNNN if it starts with
six digits, else of unknown.`,
		Example: `  paytriage refunds requests case --cutoff 10 --on 2019-07-08 --tz Asia/Tokyo --out requests
  paytriage refunds requests case --cutoff cutoffs.csv --issuers issuers.csv --on 2019-07-08 --tz Asia/Tokyo --out requests`,
		Args: exactArgs("CASE"), ValidArgsFunction: completeCase,
		RunE: func(_ *cobra.Command, args []string) error { return runRequests(std, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.ledger, "ledger", "", "ledger drawn up from the case (CSV), in the place of its own lines")
	f.StringVar(&o.cutoff, "cutoff", "", "day of the month on which bills close, or a file of issuers and days")
	f.StringVar(&o.issuers, "issuers", "", "file of instruments and their issuers")
	f.StringVar(&o.on, "on", "", "day on which the requests go out, for example 2019-07-08")
	f.StringVar(&o.tz, "tz", "", "zone of the issuers' days, for example Asia/Tokyo")
	f.StringVar(&o.out, "out", "", "folder to write")
	f.BoolVar(&o.force, "force", false, "replace a folder of requests")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

func (o *requestsOptions) options() (issuer.Options, error) {
	const see = "see 'paytriage refunds requests --help'"
	opt := issuer.Options{}
	var ok bool
	switch {
	case o.out == "":
		return opt, &usageError{"--out is missing", "name a folder to write"}
	case o.cutoff == "":
		return opt, &usageError{"--cutoff is missing", "give the day of the month on which bills close, or a file; " + see}
	case o.tz == "":
		return opt, &usageError{"--tz is missing: whose days are meant cannot be guessed", "give the issuers' zone, for example --tz Asia/Tokyo"}
	case o.json && o.quiet:
		return opt, errJSONQuiet
	}
	if opt.On, ok = calendar.ParseDay(o.on); !ok {
		return opt, &usageError{fmt.Sprintf("--on %q is no date", o.on), "give the day on which the requests go out, for example --on 2019-07-08"}
	}
	if opt.Zone, ok = zone(o.tz); !ok {
		return opt, &usageError{fmt.Sprintf("--tz %q is not a zone", o.tz), "give a name such as Asia/Tokyo, or an offset such as +09:00"}
	}
	var err error
	if opt.Terms.Others, ok = issuer.ParseCutoff(o.cutoff); !ok {
		err = readSheet(o.cutoff, func(_ string, r io.Reader) error {
			opt.Terms, err = report.ReadCutoffs(o.cutoff, r)
			return err
		})
		if err != nil {
			return opt, &hintError{fmt.Errorf("--cutoff: %w", err), "give a day from 1 to 31, end, or a CSV with issuer and cutoff_day"}
		}
	}
	if o.issuers == "" {
		return opt, nil
	}
	err = readSheet(o.issuers, func(_ string, r io.Reader) error {
		opt.Issuers, err = report.ReadIssuers(o.issuers, r)
		return err
	})
	return opt, withHint(err, "--issuers wants a CSV with funding_ref and issuer")
}

// chargeTimes returns when the charges of a case were made.
func chargeTimes(folder string) (func(account, txn string) int64, error) {
	t, err := readTable(folder, "charges")
	if err != nil {
		return nil, err
	}
	cells := cellsOf(t)
	at := make(map[[2]string]int64, t.Rows())
	for row := range t.Rows() {
		at[[2]string{cells("account_id").Text(row), cells("txn_id").Text(row)}] = cells("event_time").Int(row)
	}
	return func(account, txn string) int64 { return at[[2]string{account, txn}] }, nil
}

// A requestsSummary is what requests come to.
type requestsSummary struct {
	SchemaVersion int             `json:"schema_version"`
	On            string          `json:"on"`
	Zone          string          `json:"zone"`
	Issuers       int             `json:"issuer_files"`
	Money         []requestsMoney `json:"money"`
}

type requestsMoney struct {
	Currency string              `json:"currency"`
	Lines    int64               `json:"lines"`
	Amount   int64               `json:"amount"`
	States   map[string]partJSON `json:"states"`
}

type partJSON struct {
	Lines  int64 `json:"lines"`
	Amount int64 `json:"amount"`
}

func runRequests(std streams, o *requestsOptions, folder string) error {
	opt, err := o.options()
	if err != nil {
		return err
	}
	lines, err := linesFor(folder, o.ledger)
	if err != nil {
		return err
	}
	if opt.ChargedAt, err = chargeTimes(folder); err != nil {
		return err
	}
	all := issuer.Draw(lines, opt)
	totals, err := issuer.Sum(all)
	if err != nil {
		return err
	}
	reads := []string{}
	for _, path := range []string{o.issuers, o.cutoff, o.ledger} {
		if _, err := os.Stat(path); err == nil {
			reads = append(reads, path)
		}
	}
	bundle := &report.Bundle{Kind: report.RequestsKind, Force: o.force, Command: os.Args[1:], Known: report.RequestsKnown, Reads: reads}
	if err := bundle.Open(o.out); err != nil {
		return err
	}
	defer bundle.Discard()
	s := requestsSummary{SchemaVersion: report.SummaryVersion, On: opt.On.String(), Zone: opt.Zone.String(), Money: []requestsMoney{}}
	if s.Issuers, err = report.WriteRequests(bundle, all); err != nil {
		return err
	}
	for _, t := range totals {
		m := requestsMoney{t.Currency.String(), t.Lines, t.Amount, map[string]partJSON{}}
		for _, state := range issuer.States() {
			m.States[state.String()] = partJSON(t.ByState[state])
		}
		s.Money = append(s.Money, m)
	}
	if err := bundle.Write("summary.json", 0, func(w io.Writer) error { return report.WriteJSON(w, s) }); err != nil {
		return err
	}
	if err := bundle.Commit(); err != nil {
		return err
	}
	switch {
	case o.json:
		return report.WriteJSON(std.out, s)
	case o.quiet:
		return nil
	}
	var rows [][]any
	for _, t := range totals {
		rows = append(rows, []any{"for instruments", money.Format(t.Amount, t.Currency), t.Lines, ""})
		for _, state := range issuer.States() {
			if p := t.ByState[state]; p.Lines > 0 {
				rows = append(rows, []any{state.String(), money.Format(p.Amount, t.Currency), p.Lines, state.Doc()})
			}
		}
	}
	if rows == nil {
		_, err := fmt.Fprintln(std.out, "the case has no line for an instrument")
		return err
	}
	alignRight(rows, 1)
	return printTable(std.out, console.Options{Width: std.width(), Color: std.color()},
		fmt.Sprintf("requests of %s to %d issuers, in %s", s.On, s.Issuers, o.out), slices.Concat(texts("state", "amount"), ints("lines"), texts("meaning")), rows)
}

// answersOptions are the flags of refunds answers.
type answersOptions struct {
	requests, out, on string
	json, quiet       bool
}

func newAnswersCommand(std streams) *cobra.Command {
	var o answersOptions
	cmd := &cobra.Command{
		Use:   "answers FILE… --requests DIR --out FILE",
		Short: "Read back what issuers answered",
		Long: `Lays answers of issuers against the requests that were sent, and writes what was
stopped or credited as a file for 'paytriage refunds --already-refunded': in the
columns of a payment log, each answer a chargeback of its charge, and each line that
is not answered yet a pending one, until its deadline: refunds holds it. It is Parquet if
its name ends in .parquet, else CSV, in which ids that a spreadsheet would run
(= + - @ first) are marked, so that refunds does not know them again.

An answer is a row of CSV with refund_id and answer (stopped, credited, refused,
already_billed), and perhaps answer_amount (minor units) and answer_date (or
--on for all): the file that the issuer got, filled in, or as it was sent: then all
is held. A part may be stopped and the rest refused. Answers to what was not asked, given twice, or to more than was asked count as none, are named,
and end with 3.`,
		Example: `  paytriage refunds answers answer-visa.csv --requests requests --on 2019-07-12 --out returned.csv
  paytriage refunds case --already-refunded returned.csv`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{c.CommandPath() + " needs a FILE of answers", "see '" + c.CommandPath() + " --help'"}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return runAnswers(std, &o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.requests, "requests", "", "folder that 'refunds requests' wrote")
	f.StringVar(&o.on, "on", "", "day of answers that have none, for example 2019-07-12")
	f.StringVar(&o.out, "out", "", "file to write what was stopped or credited to")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

type answersSummary struct {
	SchemaVersion int             `json:"schema_version"`
	Money         []answersMoney  `json:"money"`
	Problems      []answerProblem `json:"problems"`
}

type answersMoney struct {
	Currency string              `json:"currency"`
	Asked    partJSON            `json:"asked"`
	Answers  map[string]partJSON `json:"answers"`
}

type answerProblem struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Column string `json:"column,omitempty"`
	Why    string `json:"why"`
}

// fileLines is how many lines are left for each file when the answers of several
// are put into one order.
const fileLines = 1 << 40

func runAnswers(std streams, o *answersOptions, files []string) error {
	switch {
	case o.requests == "":
		return &usageError{"--requests is missing", "name the folder that 'paytriage refunds requests' wrote"}
	case o.out == "":
		return &usageError{"--out is missing", "name the file to write"}
	case o.json && o.quiet:
		return errJSONQuiet
	}
	on, ok := calendar.ParseDay(o.on)
	if !ok && o.on != "" {
		return &usageError{fmt.Sprintf("--on %q is no date", o.on), "give it as 2019-07-12"}
	}
	if err := notAnInput("--out", o.out, append(slices.Clone(files), filepath.Join(o.requests, "requests.csv"))...); err != nil {
		return err
	}
	requests, err := report.ReadRequests(o.requests)
	if err != nil {
		return &hintError{err, "name the folder that 'paytriage refunds requests' wrote, unchanged"}
	}
	s := answersSummary{SchemaVersion: report.SummaryVersion, Money: []answersMoney{}, Problems: []answerProblem{}}
	var answers []issuer.Answer
	for n, path := range files {
		if slices.Contains(files[:n], path) {
			return &usageError{path + " is named twice", "name each file once"}
		}
		err := readSheet(path, func(_ string, r io.Reader) error {
			list, bad, err := report.ReadAnswers(path, r)
			for _, a := range list {
				a.Line += int64(n) * fileLines
				answers = append(answers, a)
			}
			for _, b := range bad {
				s.Problems = append(s.Problems, answerProblem{b.List, int64(b.Line), b.Column, b.Reason})
			}
			return err
		})
		if err != nil {
			return &hintError{err, "'paytriage refunds answers --help' says what a file of answers holds"}
		}
	}
	r, err := issuer.Settle(requests, answers)
	if err != nil {
		return &checkError{err.Error(), "nothing was written; give the answers to the requests that they are for"}
	}
	for _, p := range r.Problems {
		s.Problems = append(s.Problems, answerProblem{files[p.Line/fileLines], p.Line % fileLines, "", p.Why})
	}
	for _, t := range r.Totals {
		m := answersMoney{t.Currency.String(), partJSON(t.Asked), map[string]partJSON{}}
		for _, w := range issuer.Words() {
			m.Answers[w.String()] = partJSON(t.ByWord[w])
		}
		s.Money = append(s.Money, m)
	}
	for i := range r.Settled {
		for _, a := range r.Settled[i].Parts {
			if a.Word.Gives() && a.On == 0 && on == 0 {
				return &usageError{fmt.Sprintf("%s:%d: the answer has no answer_date", files[a.Line/fileLines], a.Line%fileLines), "say with --on when the answers came"}
			}
		}
	}
	t, err := report.ReturnedTable(r.Settled, on)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return csvfile.Write(w, t) }
	if strings.HasSuffix(o.out, ".parquet") {
		write = func(w io.Writer) error { return parquetfile.Write(w, t, nil) }
	}
	if err := atomicfile.Write(o.out, 0o600, write); err != nil {
		return err
	}
	if err := printAnswers(std, o, r, &s); err != nil {
		return err
	}
	if n := len(s.Problems); n > 0 {
		var first []string
		for _, p := range s.Problems[:min(n, 3)] {
			first = append(first, fmt.Sprintf("%s:%d: %s", p.File, p.Line, strings.TrimSpace(p.Column+" "+p.Why)))
		}
		return &incompleteError{fmt.Sprintf("%d answers count as none: %s", n, strings.Join(first, "; ")), "--json lists all of them; ask the issuer"}
	}
	return nil
}

func printAnswers(std streams, o *answersOptions, r *issuer.Result, s *answersSummary) error {
	switch {
	case o.json:
		return report.WriteJSON(std.out, s)
	case o.quiet:
		return nil
	}
	var rows [][]any
	for _, t := range r.Totals {
		rows = append(rows, []any{"asked for", money.Format(t.Asked.Amount, t.Currency), t.Asked.Lines})
		for _, w := range issuer.Words() {
			if p := t.ByWord[w]; p.Lines > 0 {
				rows = append(rows, []any{w.String(), money.Format(p.Amount, t.Currency), p.Lines})
			}
		}
	}
	if rows == nil {
		_, err := fmt.Fprintln(std.out, "nothing was asked for")
		return err
	}
	alignRight(rows, 1)
	return printTable(std.out, console.Options{Width: std.width(), Color: std.color()}, "answers of issuers",
		slices.Concat(texts("answer", "amount"), ints("lines")), rows)
}
