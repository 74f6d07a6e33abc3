package parsers

import (
	"github.com/paytriage/paytriage/forensics/event"
)

// Why rows are left out.
const (
	beforeFrom = "before --from"
	afterTo    = "after --to"
	excluded   = "excluded"
	goneBefore = "its original is left out"
)

// login reports whether a login counts; one before the period teaches.
func (w *worker) login(row *event.Login, r *rowReader) bool {
	opt := &w.l.opt
	if opt.Exclude != nil && w.hit(opt.Exclude.login(row, &r.row)) {
		return w.leave(row.Pos, excluded)
	}
	if opt.To != 0 && row.Time > opt.To {
		return w.leave(row.Pos, afterTo)
	}
	if row.Time < opt.From {
		row.Teach()
	}
	return true
}

// charge reports whether a charge counts.
func (w *worker) charge(row *event.Charge, r *rowReader) bool {
	opt := &w.l.opt
	switch {
	case opt.Exclude != nil && w.hit(opt.Exclude.charge(row, &r.row)):
		return w.leaveCharge(row, excluded)
	case opt.To != 0 && row.Time > opt.To:
		return w.leaveCharge(row, afterTo)
	case row.Time < opt.From:
		return w.leaveCharge(row, beforeFrom)
	}
	return true
}

// leaveCharge counts a charge that is left out, and notes its transaction: a
// return that names no account but this original is left out too.
func (w *worker) leaveCharge(row *event.Charge, why string) bool {
	*w.gone.Slot(event.PartOf(row.Txn, w.l.parts)) = txnRef{row.Txn, row.Account}
	return w.leave(row.Pos, why)
}

// hit notes that an entry of the list matched, and reports whether there is one.
func (w *worker) hit(entry int) bool {
	if entry < 0 {
		return false
	}
	w.hits[entry] = true
	return true
}

// leave counts a row that is left out, and returns false.
func (w *worker) leave(at event.Pos, why string) bool {
	t := &w.tallies[at.Source()]
	if t.leftOut == nil {
		t.leftOut = map[string]int64{}
	}
	t.leftOut[why]++
	return false
}

// unmatched returns the entries of the list that no row of any worker matched.
func (l *loader) unmatched() []string {
	if l.opt.Exclude == nil {
		return nil
	}
	var hits [][]bool
	for _, w := range l.workers {
		hits = append(hits, w.hits)
	}
	return l.opt.Exclude.unmatched(hits)
}
