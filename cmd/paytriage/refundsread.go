package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers"
	"github.com/paytriage/paytriage/report"
)

// readDecisions returns the decisions that hold.
func (r *refundsRun) readDecisions() (map[ledger.Subject]ledger.Decision, error) {
	path := r.options.decisions
	if path == "" {
		return nil, nil
	}
	const hint = "columns: account_id, txn_id, decision (confirm or dismiss), who, why, when, validation; see 'paytriage refunds --help'"
	f, err := openKnown("--decisions", path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := report.ReadDecisions(f)
	if err == nil {
		err = f.rest()
	}
	if err != nil {
		return nil, &hintError{fmt.Errorf("--decisions: %s: %w", path, err), hint}
	}
	holds, err := ledger.Latest(list)
	if err != nil {
		return nil, &hintError{fmt.Errorf("--decisions: %s: %w", path, err), "ask both, and add what they agree on with a later time"}
	}
	r.decided = len(holds)
	r.inputs = append(r.inputs, report.DraftInput{Name: path, Role: "decisions", Bytes: f.bytes, SHA256: hex.EncodeToString(f.sum.Sum(nil))})
	return holds, nil
}

// earlierPayments are what was paid before, and what of it was not understood.
type earlierPayments struct {
	list     []ledger.Earlier
	rejected []ledger.Unmatched
	passed   int // rows of exports that are no refund, or were declined
	undone   int // refunds that came back
	problems []string
}

// readEarlier reads what was paid before: ledgers of ours, and exports of
// payment providers.
func (r *refundsRun) readEarlier(ctx context.Context, std streams, bar *progress) error {
	var exports []string
	books := map[string]string{}
	for _, path := range r.options.already {
		if isStream(path) {
			exports = append(exports, path)
			continue
		}
		bar.begin("reading what was paid before", unknown, inSteps)
		b, err := report.ReadBook(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			exports = append(exports, path) // a pattern, perhaps
			continue
		case err != nil:
			return alreadyError(err)
		case b == nil:
			exports = append(exports, path)
			continue
		}
		if other, ok := books[b.Rows]; ok && len(b.Lines) > 0 {
			return &usageError{fmt.Sprintf("--already-refunded: %s and %s are the same ledger", other, path), "name each once; its payments would be subtracted twice"}
		}
		books[b.Rows] = path
		r.inputs = append(r.inputs, b.Input)
		r.earlier.list = append(r.earlier.list, b.Payments()...)
	}
	if len(exports) == 0 {
		return nil
	}
	return r.readExports(ctx, std, bar, exports)
}

// alreadyError says what is wrong with a ledger of before.
func alreadyError(err error) error {
	var check *report.CheckError
	if errors.As(err, &check) {
		return &checkError{"--already-refunded: " + err.Error(), "nothing was written; name the ledger as it was paid"}
	}
	return &hintError{fmt.Errorf("--already-refunded: %w", err), "name a ledger as paytriage wrote it (its folder, where it is in CP932), or an export of refunds"}
}

// readExports reads refunds, reversals and chargebacks of payment providers.
func (r *refundsRun) readExports(ctx context.Context, std streams, bar *progress, args []string) error {
	n := &named{}
	if err := n.add(args, event.Payments); err != nil {
		return err
	}
	if err := distinct(n.files); err != nil {
		return err
	}
	inputs, err := n.read(ctx, std.in, bar, nil)
	if err != nil {
		return err
	}
	defer parsers.Discard(inputs)
	bar.begin("reading what was paid before", parsers.TotalBytes(inputs), inBytes)
	opt := r.reading
	opt.Progress = bar.add
	opt.Unowned = true // the case knows whose charge it was
	log, err := parsers.Load(ctx, inputs, opt)
	if err != nil {
		bar.finish()
		return explained(ctx, std, inputs, opt, err)
	}
	if err := r.earlier.take(ctx, log); err != nil {
		return err
	}
	for i := range log.Sources {
		s := &log.Sources[i]
		r.inputs = append(r.inputs, report.DraftInput{Name: s.Name, Role: "already_refunded", Bytes: s.Bytes, SHA256: s.Hash()})
	}
	return nil
}

// take takes the payments back of a log.
func (p *earlierPayments) take(ctx context.Context, log *event.Log) error {
	var rows []event.Charge
	var at []event.Pos
	for part, err := range log.Parts.All(ctx) {
		if err != nil {
			return err
		}
		for _, c := range part.Charges {
			back := c.Kind == event.Refund || c.Kind == event.Reversal || c.Kind == event.Chargeback
			if !back || c.Status == event.Declined {
				p.passed++
				continue
			}
			rows, at = append(rows, c), append(at, c.Pos)
		}
	}
	texts, err := log.Text(ctx, at)
	if err != nil {
		return err
	}
	list := make([]ledger.Earlier, len(rows))
	for i := range rows {
		c, t := &rows[i], &texts[i]
		list[i] = ledger.Earlier{Txn: t.Get(event.TxnID), Original: t.Get(event.OriginalTxnID), Account: t.Get(event.AccountID),
			Amount: c.Amount, Currency: money.Currency(c.Currency), At: c.Time, Pending: c.Status == event.Pending,
			Source: log.Sources[c.Pos.Source()].Name}
	}
	p.list = append(p.list, p.undo(list, rows)...)
	for i := range log.Rejects {
		j := &log.Rejects[i]
		p.rejected = append(p.rejected, ledger.Unmatched{Side: ledger.EarlierSide, Why: ledger.WhyNotUnderstood,
			Source: fmt.Sprintf("%s:%d", log.Sources[j.Pos.Source()].Name, j.Line)})
	}
	slices.SortFunc(p.rejected, func(a, b ledger.Unmatched) int { return cmp.Compare(a.Source, b.Source) })
	for i := range log.Sources {
		s := &log.Sources[i]
		if s.Rejected > 0 {
			p.problems = append(p.problems, fmt.Sprintf("%s: %d of %d rows were rejected", s.Name, s.Rejected, s.Read))
		}
		if s.Trouble != "" {
			p.problems = append(p.problems, s.Name+": "+s.Trouble)
		}
	}
	return nil
}

// undo takes a reversal that names a refund of the same export off that refund:
// it came back. One of more than the refund stays, for a person to see.
func (p *earlierPayments) undo(list []ledger.Earlier, rows []event.Charge) []ledger.Earlier {
	byTxn := make(map[string]int, len(list))
	for i := range list {
		if rows[i].Kind != event.Reversal {
			byTxn[list[i].Txn] = i
		}
	}
	order := make([]int, 0, len(list))
	for i := range list {
		if rows[i].Kind == event.Reversal {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(list[a].Txn, list[b].Txn) })
	gone := make([]bool, len(list))
	for _, i := range order {
		e := &list[i]
		at, ok := byTxn[e.Original]
		if !ok || e.Original == "" || list[at].Currency != e.Currency || e.Amount > list[at].Amount || e.Pending != list[at].Pending {
			continue
		}
		list[at].Amount -= e.Amount
		gone[i], gone[at] = true, list[at].Amount == 0
		p.undone++
	}
	out := list[:0]
	for i := range list {
		if !gone[i] {
			out = append(out, list[i])
		}
	}
	return out
}
