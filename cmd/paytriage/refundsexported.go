package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/register"
)

// An exported is what an export did.
type exported struct {
	SchemaVersion int             `json:"schema_version"`
	New           int             `json:"entries"` // 0: nothing new
	Record        int64           `json:"record,omitempty"`
	Hash          string          `json:"record_sha256"` // of the last record
	Out           string          `json:"out,omitempty"`
	Files         []register.File `json:"files"`
	Settled       int             `json:"lines_with_nothing_left"`
	Left          []exportedLeft  `json:"not_exported"`
	PayeeProblems []string        `json:"payee_problems"`

	left []register.Left
}

type exportedLeft struct {
	ID       register.Text `json:"refund_id"`
	Account  register.Text `json:"account_id"`
	Payable  int64         `json:"payable"`
	Currency string        `json:"currency"`
	Exported int64         `json:"exported"`
	Why      register.Why  `json:"why"`
	Detail   string        `json:"detail"`
}

func newExported(x *exporter, p *register.Plan) *exported {
	out := &exported{SchemaVersion: lifeVersion, New: len(p.Entries), Files: []register.File{}, Settled: p.Settled, Left: []exportedLeft{}, PayeeProblems: []string{}, left: p.Left}
	for _, l := range p.Left {
		out.Left = append(out.Left, exportedLeft{l.Line.ID, l.Line.Account, l.Line.Payable, l.Line.Currency, l.Exported, l.Why, l.Text})
	}
	for _, p := range x.wrong {
		out.PayeeProblems = append(out.PayeeProblems, p.String())
	}
	return out
}

// whyText says why a line was not exported.
var whyText = map[register.Why]string{
	register.NotOpen:        "held, an exception, or not decided",
	register.NotAsked:       "channel or payer not asked for",
	register.Superseded:     "a draft that was approved later was exported for it",
	register.EarlierChanged: "paid outside since it was exported: is it that payment?",
	register.WaitsForRetry:  "was returned: --retry pays it again",
	register.NegativeNet:    "the account's lines add up to less than nothing",
	register.NetBelowZero:   "claw-back of more than the account was paid so far",
	register.OverPaid:       "more was paid than owed",
	register.Unwritable:     "no receiver, or no file can hold it",
	register.Gone:           "exported before, and no longer in the ledger: ask it back",
}

// mustTell are the reasons that make an export incomplete: somebody has to do
// something that the draft did not say.
var mustTell = []register.Why{register.Superseded, register.EarlierChanged, register.NegativeNet, register.NetBelowZero, register.OverPaid, register.Unwritable, register.Gone}

func (e *exported) print(w io.Writer, opt console.Options) error {
	pairs := []console.Pair{{Key: "exported", Value: count(int64(e.New)) + " entries"}}
	if e.New == 0 {
		pairs[0].Value = "nothing new: all that can be exported was exported before"
	} else {
		pairs = append(pairs, console.Pair{Key: "folder", Value: e.Out}, recordPair(e.Record, e.Hash))
	}
	pairs = append(pairs, console.Pair{Key: "nothing left of", Value: count(int64(e.Settled)) + " lines"})
	for i, p := range e.PayeeProblems {
		if i == 5 {
			pairs = append(pairs, console.Pair{Key: "payees", Value: fmt.Sprintf("and %d more problems; --json lists them", len(e.PayeeProblems)-i)})
			break
		}
		pairs = append(pairs, console.Pair{Key: "payees", Value: p})
	}
	if err := console.Block(w, "export", pairs, opt); err != nil {
		return err
	}
	var rows [][]any
	for _, f := range e.Files {
		if f.Count > 0 {
			rows = append(rows, []any{f.Name, f.Format, f.Count, sumsText(f.Sums)})
		}
	}
	if len(rows)+len(e.left) > 0 {
		fmt.Fprintln(w)
	}
	columns := slices.Concat(texts("file", "format"), ints("entries"), texts("sum"))
	if err := printTable(w, opt, "files, with the totals that were read back from them", columns, rows); err != nil {
		return err
	}
	return e.printLeft(w, opt)
}

// printLeft counts what was not exported by why.
func (e *exported) printLeft(w io.Writer, opt console.Options) error {
	lines, sums := map[register.Why]int64{}, map[register.Why]totals{}
	for i := range e.left {
		l := &e.left[i]
		if lines[l.Why]++; sums[l.Why] == nil {
			sums[l.Why] = totals{}
		}
		sums[l.Why].add(l.Line.Currency, l.Line.Payable)
	}
	var pairs []console.Pair
	for _, why := range sortedKeys(lines) {
		total, err := sums[why].sums()
		if err != nil {
			return err
		}
		pairs = append(pairs, console.Pair{Key: string(why), Value: fmt.Sprintf("%s lines, %s: %s", count(lines[why]), sumsText(total), whyText[why])})
	}
	if pairs == nil {
		return nil
	}
	return console.Block(w, "not exported", pairs, opt)
}

// incomplete reports lines that should have been exported and were not.
func (e *exported) incomplete() error {
	n := 0
	for i := range e.left {
		if slices.Contains(mustTell, e.left[i].Why) {
			n++
		}
	}
	if n == 0 && len(e.PayeeProblems) == 0 {
		return nil
	}
	hint := "they stay open; --json lists each with why"
	if e.New > 0 {
		hint = "they stay open; not_exported.csv lists each with why"
	}
	return &incompleteError{fmt.Sprintf("%d lines were not exported, %d rows of payees could not be used", n, len(e.PayeeProblems)), hint}
}
