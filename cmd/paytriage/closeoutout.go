package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/closeout"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/payout"
	"github.com/paytriage/paytriage/report/table"
)

func mapKeys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

func payoutNames() []string {
	var names []string
	for _, f := range payout.Formats() {
		names = append(names, f.Name)
	}
	return names
}

// payoutFormat returns a format by its name.
func payoutFormat(name string) payout.Format {
	for _, f := range payout.Formats() {
		if f.Name == name {
			return f
		}
	}
	return payout.Format{}
}

// closeoutKnown reports whether a name is of a file that closeout writes.
func closeoutKnown(name string) bool {
	if name == "summary.json" || name == "open_payments.csv" || strings.HasPrefix(name, "payout-") {
		return true
	}
	return slices.ContainsFunc(report.CloseoutSchemas(), func(s table.Schema) bool { return name == s.Name+".csv" })
}

// inputsOf lists the logs that were read, for a manifest.
func inputsOf(log *event.Log) []report.Input {
	var all []report.Input
	for i := range log.Sources {
		all = append(all, report.LogInput(&log.Sources[i]))
	}
	return all
}

// A closeoutPay is what a run exports for payment.
type closeoutPay struct {
	o       *closeoutOptions
	on      closeout.Day // 0: nothing is exported
	paid    []closeout.Paid
	batches []payout.Batch // one a file
	open    []payout.Problem
}

// prepare draws up the payments of what is payable.
func (p *closeoutPay) prepare(b *closeout.Book) error {
	byName := map[string]closeout.Paid{}
	var batch payout.Batch
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Payable <= 0 {
			continue
		}
		name := ledger.Name(l.ID, l.Exports+1)
		paid := closeout.Paid{Export: name, ID: l.ID, Account: l.Account, Currency: l.Currency, Amount: l.Payable, On: p.on}
		byName[name] = paid
		p.paid = append(p.paid, paid)
		batch.Payments = append(batch.Payments, payout.Payment{Name: name, Account: l.Account, Amount: l.Payable, Currency: l.Currency})
	}
	if p.o.payout == "" || len(p.paid) == 0 {
		return nil
	}
	if err := p.join(&batch); err != nil {
		return err
	}
	files, open := payout.Split(p.o.payout, &batch)
	if len(open) > 0 && open[0].Payment == payout.WholeFile && len(batch.Payments) > 0 && open[0].Code != payout.NothingToPay {
		return &hintError{errors.New("no payout file can be written: " + open[0].String()), "see --debtor and --pay-on; nothing was written"}
	}
	p.paid = p.paid[:0]
	for _, q := range open {
		if q.Payment != payout.WholeFile {
			p.open = append(p.open, q)
		}
	}
	for _, one := range files {
		part := one.Payments
		one.ID = refund.ID("closeout-file", p.on.String(), p.o.payout, part[0].Name, part[len(part)-1].Name)
		p.batches = append(p.batches, one)
		for _, q := range part {
			p.paid = append(p.paid, byName[q.Name])
		}
	}
	return nil
}

// join adds to a batch who pays and who receives.
func (p *closeoutPay) join(batch *payout.Batch) error {
	const hint = "'paytriage closeout --help' names the files; nothing was written"
	var payees *payout.Payees
	err := readSheet(p.o.payees, func(_ string, r io.Reader) error {
		var problems []payout.PayeeProblem
		var err error
		payees, problems, err = payout.ReadPayees(r, p.o.encoding)
		for _, q := range problems {
			p.open = append(p.open, payout.Problem{Payment: payout.WholeFile, Account: q.Account, Field: "payees", Code: payout.BadField, Text: q.String()})
		}
		return err
	})
	if err != nil {
		return &hintError{fmt.Errorf("--payees: %w", err), hint}
	}
	err = readSheet(p.o.debtor, func(_ string, r io.Reader) error {
		var err error
		batch.Debtor, err = payout.ReadDebtor(r, p.o.encoding)
		return err
	})
	if err != nil {
		return &hintError{fmt.Errorf("--debtor: %w", err), hint}
	}
	day, _ := time.Parse(time.DateOnly, p.on.String())
	batch.PayOn, batch.CreatedAt = day, day // no clock: the same export is the same file
	batch.ID = refund.ID("closeout-file", p.on.String(), p.o.payout)
	known := batch.Payments[:0]
	for _, q := range batch.Payments {
		var ok bool
		if q.Payee, ok = payees.Of(q.Account, ""); !ok {
			p.open = append(p.open, payout.Problem{Name: q.Name, Account: q.Account, Field: "account_id", Code: payout.MissingField,
				Text: "the file of payees does not say who receives, or contradicts itself"})
			continue
		}
		known = append(known, q)
	}
	batch.Payments = known
	return nil
}

// openPayments counts the payments that stay open.
func (p *closeoutPay) openPayments() int {
	open := map[string]bool{}
	for _, q := range p.open {
		if q.Name != "" {
			open[q.Name] = true
		}
	}
	return len(open)
}

// sums returns what is exported, by currency.
func (p *closeoutPay) sums() []string {
	var payments []payout.Payment
	for _, q := range p.paid {
		payments = append(payments, payout.Payment{Amount: q.Amount, Currency: q.Currency})
	}
	totals, err := payout.Total(payments)
	if err != nil {
		return []string{err.Error()}
	}
	var all []string
	for _, s := range totals.Sums {
		all = append(all, money.Format(s.Minor, s.Currency))
	}
	return all
}

var openSchema = table.Schema{Name: "open_payments", Doc: "why a payment was not exported",
	Columns: []table.Column{
		{Name: "export_id", Kind: table.Text, Doc: "name that the payment would have, empty for the file as a whole", Nullable: true},
		{Name: "account_id", Kind: table.Text, Doc: "account", Nullable: true},
		{Name: "field", Kind: table.Code, Doc: "column of the payees that it is about"},
		{Name: "code", Kind: table.Code, Doc: "what is wrong"},
		{Name: "text", Kind: table.Text, Doc: "for people"},
	}}

// writeCloseout writes the folder: nothing, or all of it.
func writeCloseout(f *report.Bundle, b *closeout.Book, s *report.CloseoutSummary, bad []report.BadRow, pay *closeoutPay) error {
	makers := []func(*closeout.Book) (*table.Table, error){report.CloseoutTable, report.DifferencesTable, report.ReceivedTable, report.DaysTable}
	for _, make := range makers {
		t, err := make(b)
		if err == nil {
			err = f.Table(t)
		}
		if err != nil {
			return err
		}
	}
	rejects, err := report.BadTable(bad)
	if err == nil {
		err = f.Table(rejects)
	}
	if err != nil {
		return err
	}
	if pay.on != 0 {
		if err := pay.write(f); err != nil {
			return err
		}
	}
	if err := f.Write("summary.json", 0, func(w io.Writer) error { return report.WriteJSON(w, s) }); err != nil {
		return err
	}
	return f.Commit()
}

// write writes what is exported, reads every payout file back, and compares.
func (p *closeoutPay) write(f *report.Bundle) error {
	t, err := report.ExportedTable(p.paid)
	if err == nil {
		err = f.Table(t)
	}
	if err != nil {
		return err
	}
	open := table.New(openSchema, len(p.open))
	row := open.Appender()
	for _, q := range p.open {
		row.TextOrNull(q.Name)
		row.TextOrNull(q.Account)
		row.Code(q.Field)
		row.Code(q.Code)
		row.Text(q.Text)
		row.End()
	}
	if err := f.Table(open); err != nil {
		return err
	}
	format := payoutFormat(p.o.payout)
	for i := range p.batches {
		name := fmt.Sprintf("payout-%03d%s", i+1, format.Ext)
		if err := p.file(f, name, &p.batches[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *closeoutPay) file(f *report.Bundle, name string, b *payout.Batch) error {
	var want payout.Totals
	err := f.Write(name, len(b.Payments), func(w io.Writer) (err error) {
		want, err = payout.Write(w, p.o.payout, b)
		return err
	})
	if err != nil {
		return err
	}
	in, err := os.Open(filepath.Join(f.Path(), name))
	if err != nil {
		return err
	}
	defer in.Close()
	got, err := payout.Verify(in, p.o.payout, b)
	if err == nil && !got.Equal(want) {
		err = fmt.Errorf("it adds up to %s, not %s", got, want)
	}
	if err != nil {
		return &checkError{name + " is not what was to be written: " + err.Error(), "nothing was written; look at the disk"}
	}
	return nil
}

// printCloseout prints a book for a person.
func printCloseout(w io.Writer, s *report.CloseoutSummary, pay *closeoutPay, opt console.Options) error {
	d := &s.Window
	pairs := []console.Pair{
		{Key: "service ends", Value: d.Ends + " 24:00, " + d.Zone},
		{Key: "notice", Value: d.Notice + " at the latest"},
		{Key: "window", Value: fmt.Sprintf("%s to %s, both included: %d days (by law %d at the least)", d.First, d.Last, d.Days, d.Least)},
		{Key: "balances from", Value: "the payment log, rolled forward"},
	}
	if s.Balances == "export" {
		pairs[3].Value = "the balance export"
	}
	if s.RowsAfter > 0 {
		pairs = append(pairs, console.Pair{Key: "after the end", Value: count(s.RowsAfter) + " rows of the log, not counted"})
	}
	if s.Missing > 0 {
		pairs = append(pairs, console.Pair{Key: "log ends early", Value: fmt.Sprintf("its last row is of %s: nothing is logged on the last %s of the service, and what moved balances then is missing",
			s.LogEnds, several(int64(s.Missing), "day", "days"))})
	}
	if err := console.Block(w, "the window", report.Wrapped(pairs, opt.Width), opt); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	for i := range s.Money {
		if err := printCloseoutMoney(w, &s.Money[i], opt); err != nil {
			return err
		}
	}
	var rows []console.Pair
	for _, o := range closeout.Outcomes() {
		if n := s.Claims[o.String()]; n > 0 {
			rows = append(rows, console.Pair{Key: "claims " + strings.ReplaceAll(o.String(), "_", " "), Value: count(n), Number: true})
		}
	}
	if pay.on != 0 {
		rows = append(rows, console.Pair{Key: "exported for " + pay.on.String(), Value: strings.Join(append([]string{count(int64(len(pay.paid))) + " payments"}, pay.sums()...), ", ")})
	}
	if rows != nil {
		if err := console.Block(w, "claims", rows, opt); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return printReasons(w, s, opt)
}

func printCloseoutMoney(w io.Writer, m *report.CloseoutMoney, opt console.Options) error {
	c := money.MustCurrency(m.Currency)
	var rows [][]any
	add := func(key string, amount, lines int64, always bool) {
		if amount != 0 || lines != 0 || always {
			rows = append(rows, []any{key, money.Format(amount, c), lines})
		}
	}
	add("balances", m.Balance, m.Lines["all"], true)
	add("of it set aside as fraud", m.SetAside, m.Lines["set_aside"], true)
	add("of it claimed", m.Claimed, m.Lines["claimed"], true)
	add("of it claimed late", m.Late, m.Lines["late"], false)
	add("of it unclaimed", m.Unclaimed, m.Lines["unclaimed"], true)
	add("of it points, not refunded", m.Points, m.Lines["points"], false)
	add("of it exceptions", m.Exception, m.Lines["exception"], false)
	add("paid before", m.Paid, m.PaidLines, false)
	add("payable now", m.Payable, m.PayLines, true)
	if m.Differ > 0 {
		add("log says", m.Rolled, m.Lines["all"], true)
		add("export differs", m.Exported-m.Rolled, m.Differ, true)
	}
	alignRight(rows, 1)
	return printTable(w, opt, m.Currency, slices.Concat(texts("what", "amount"), ints("lines")), rows)
}

// printReasons says why lines are exceptions or differ.
func printReasons(w io.Writer, s *report.CloseoutSummary, opt console.Options) error {
	var pairs []console.Pair
	for _, r := range closeout.AllReasons() {
		if n := s.Reasons[r.String()]; n > 0 {
			pairs = append(pairs, console.Pair{Key: r.String(), Value: count(n) + ": " + r.Doc()})
		}
	}
	if pairs == nil {
		return nil
	}
	if err := console.Block(w, "reasons of lines", report.Wrapped(pairs, opt.Width), opt); err != nil {
		return err
	}
	if s.Reasons[closeout.BelowZero.String()] > 0 && s.Balances == "log" {
		_, err := fmt.Fprintln(w, "\nWallets below zero mean that the log does not begin with the accounts: give --opening, or --balances.")
		return err
	}
	return nil
}
