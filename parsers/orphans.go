package parsers

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
)

// An orphan is a refund, reversal or chargeback that names its original, but no
// account: what many payment providers export. The account of the original is
// its account; where that cannot be told, the row is rejected.
type orphan struct {
	event.Charge
	reason string // why it has no account
}

// adopt gives orphans the account of their originals, puts them into their
// partitions, and returns those that have none. Where nothing is orphaned it
// costs nothing.
func (l *loader) adopt(ctx context.Context) (lost []orphan, err error) {
	var all []orphan
	for _, w := range l.workers {
		for _, row := range w.orphans {
			all = append(all, orphan{row, noOriginal})
		}
		w.orphans = nil
	}
	if len(all) == 0 {
		return nil, nil
	}
	owners, err := l.owners(ctx, all)
	if err != nil {
		return nil, err
	}
	follow(all, owners)
	l.homes = map[event.Pos]event.Charge{}
	for i := range all {
		o := &all[i]
		if o.reason == goneBefore {
			l.workers[0].leave(o.Pos, goneBefore)
			continue
		}
		if o.Account == 0 && l.opt.Unowned {
			l.workers[0].put(&o.Charge)
			continue
		}
		if o.Account == 0 {
			l.workers[0].tallies[o.Pos.Source()].rejected++
			lost = append(lost, *o)
			continue
		}
		l.workers[0].put(&o.Charge)
		l.homes[o.Pos] = o.Charge
	}
	return lost, nil
}

// An owner is the account of a transaction.
type owner struct {
	account event.Key
	several bool // not one alone
	gone    bool // the transaction is left out
}

// owners returns the accounts of the originals of orphans, as far as rows name
// them.
func (l *loader) owners(ctx context.Context, orphans []orphan) (map[event.Key]owner, error) {
	wanted := make([][]event.Key, l.parts)
	for i := range orphans {
		ref := orphans[i].Ref
		p := event.PartOf(ref, l.parts)
		wanted[p] = append(wanted[p], ref)
	}
	for p := range wanted {
		slices.Sort(wanted[p])
	}
	if l.opt.Engine != nil {
		return l.farOwners(ctx, wanted)
	}
	found, err := event.Each(ctx, l.opt.Workers, l.parts, func() map[event.Key]owner {
		return map[event.Key]owner{}
	}, func(found map[event.Key]owner, p int) error {
		if len(wanted[p]) == 0 {
			return nil
		}
		gone := event.NewGatherer(l.fans(func(w *worker) *event.Fan[txnRef] { return w.gone }))
		there := event.NewGatherer(l.fans(func(w *worker) *event.Fan[txnRef] { return w.txns }))
		if err := gone.See(p, func(refs []txnRef) { claim(found, wanted[p], refs, true) }); err != nil {
			return err
		}
		return there.See(p, func(refs []txnRef) { claim(found, wanted[p], refs, false) })
	})
	if err != nil {
		return nil, err
	}
	all := map[event.Key]owner{}
	for _, f := range found {
		maps.Copy(all, f) // each transaction is in one partition alone
	}
	return all, nil
}

// claim notes the accounts of those transactions that are wanted, which are
// sorted. What is left out is claimed first, and gives way to what is not.
func claim(found map[event.Key]owner, wanted []event.Key, refs []txnRef, gone bool) {
	for _, r := range refs {
		if _, ok := slices.BinarySearch(wanted, r.txn); ok {
			o, known := found[r.txn]
			known = known && o.gone == gone
			found[r.txn] = owner{r.account, known && (o.several || o.account != r.account), gone}
		}
	}
}

// fans returns one of the fans of all workers.
func (l *loader) fans(of func(w *worker) *event.Fan[txnRef]) []*event.Fan[txnRef] {
	fans := make([]*event.Fan[txnRef], len(l.workers))
	for i, w := range l.workers {
		fans[i] = of(w)
	}
	return fans
}

// follow sets the accounts of orphans: that of the original, or, where that is an
// orphan too, that of its original, step by step away from the rows that name
// one. What one step finds does not depend on the order within it.
func follow(orphans []orphan, owners map[event.Key]owner) {
	waiting := map[event.Key][]int{}
	var step []event.Key
	for i := range orphans {
		ref := orphans[i].Ref
		if _, ok := owners[ref]; ok && len(waiting[ref]) == 0 {
			step = append(step, ref)
		}
		waiting[ref] = append(waiting[ref], i)
	}
	for len(step) > 0 {
		next := map[event.Key]owner{}
		for _, txn := range step {
			from := owners[txn]
			for _, i := range waiting[txn] {
				o := &orphans[i]
				switch {
				case from.gone:
					o.reason = goneBefore
				case from.several:
					o.reason = manyOwners
				default:
					o.Account = from.account
				}
				if _, ok := owners[o.Txn]; ok {
					continue
				}
				n, again := next[o.Txn]
				several := from.several || again && (n.several || n.account != from.account)
				next[o.Txn] = owner{from.account, several, from.gone && (n.gone || !again)}
			}
		}
		step = step[:0]
		for txn, o := range next {
			owners[txn] = o
			step = append(step, txn)
		}
	}
}

// originals returns for each orphan that found an account a row that names it:
// one of the account's, or one that was rejected for what others say.
func originals(ctx context.Context, log *event.Log, homes map[event.Pos]event.Charge, conflicts []conflict) (map[event.Pos]event.Pos, error) {
	if len(homes) == 0 {
		return nil, nil
	}
	contradicted := map[event.Key]event.Pos{}
	for _, c := range conflicts {
		contradicted[c.txn] = c.pos
	}
	out := make(map[event.Pos]event.Pos, len(homes))
	rows := byAccount(homes)
	accounts := make([]event.Key, len(rows))
	for i, pos := range rows {
		accounts[i] = homes[pos].Account
	}
	if err := log.Parts.Fetch(ctx, accounts); err != nil {
		return nil, err
	}
	reader := log.Parts.NewReader()
	for _, pos := range rows {
		o := homes[pos]
		part, err := reader.Account(o.Account)
		if err != nil {
			return nil, err
		}
		if at, ok := rowOf(&part, homes); ok {
			out[pos] = at
		} else if at, ok := contradicted[o.Ref]; ok {
			out[pos] = at
		}
	}
	return out, nil
}

// byAccount returns the rows of homes in the order of their accounts.
func byAccount(homes map[event.Pos]event.Charge) []event.Pos {
	rows := slices.Collect(maps.Keys(homes))
	slices.SortFunc(rows, func(a, b event.Pos) int { return cmp.Compare(homes[a].Account, homes[b].Account) })
	return rows
}

// rowOf returns a row, of those of an account, that names it.
func rowOf(rows *event.Part, homes map[event.Pos]event.Charge) (event.Pos, bool) {
	if len(rows.Logins) > 0 {
		return rows.Logins[0].Pos, true
	}
	for i := range rows.Charges {
		if _, orphaned := homes[rows.Charges[i].Pos]; !orphaned {
			return rows.Charges[i].Pos, true
		}
	}
	return 0, false
}

// lost rejects the orphans that have no account.
func (l *loader) lost(ctx context.Context, t texts, orphans []orphan) ([]event.Reject, error) {
	rows, out := make([]event.Pos, len(orphans)), make([]event.Reject, len(orphans))
	for i := range orphans {
		rows[i] = orphans[i].Pos
	}
	return out, t.visit(ctx, rows, func(i int, line int64, raw []byte, _ *fields) {
		out[i] = event.Reject{Pos: rows[i], Line: line, Column: event.AccountID.String(),
			Reason: orphans[i].reason, Raw: t.sources[rows[i].Source()].rawText(raw)}
	})
}
