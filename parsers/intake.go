package parsers

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"math/bits"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
)

// settle sorts every partition, drops duplicates, takes out what contradicts
// itself, and draws up the account of rows.
func (l *loader) settle(ctx context.Context) (*event.Log, error) {
	for _, s := range l.sources {
		s.count()
	}
	if err := l.seal(); err != nil {
		return nil, err
	}
	lost, err := l.adopt(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.seal(); err != nil {
		return nil, err
	}
	again, err := l.repeatedTxns(ctx)
	if err != nil {
		return nil, err
	}
	log := &event.Log{Parts: event.NewParts(l.parts), Memory: l.opt.Memory}
	settlers, err := event.Each(ctx, l.opt.Workers, l.parts, func() *settler { return newSettler(l, log.Parts) },
		func(s *settler, p int) error { return s.part(p, again[p]) })
	if err != nil {
		return nil, err
	}
	for _, s := range settlers {
		if err := s.owner.Seal(); err != nil {
			return nil, err
		}
	}
	for _, w := range l.workers {
		w.owner.Close() // nothing is left there
	}
	return log, l.complete(ctx, log, settlers, lost)
}

// complete completes a log whose rows are settled.
func (l *loader) complete(ctx context.Context, log *event.Log, settlers []*settler, lost []orphan) error {
	conflicts := slices.Concat(conflictsOf(settlers)...)
	homes, err := originals(ctx, log, l.homes, conflicts)
	if err != nil {
		return err
	}
	texts := texts{l.sources, &l.opt, homes}
	log.Text, log.Raw = texts.read, texts.raw
	if log.Rejects, err = l.rejects(ctx, texts, conflicts, lost); err != nil {
		return err
	}
	for i, s := range l.sources {
		log.Sources = append(log.Sources, l.account(i, s, settlers))
	}
	log.Unmatched = l.unmatched()
	return nil
}

// seal makes what the workers put aside ready to be read.
func (l *loader) seal() error {
	for _, w := range l.workers {
		if err := w.owner.Seal(); err != nil {
			return err
		}
	}
	return nil
}

// A repeat is a transaction id that several rows have, in an account that has
// it.
type repeat struct {
	txn     event.Key
	foreign bool // rows of another account have it too
}

// repeatedTxns finds the transaction ids that more than one row has, for each
// partition of accounts in the order of ids.
func (l *loader) repeatedTxns(ctx context.Context) ([][]repeat, error) {
	fans := l.fans(func(w *worker) *event.Fan[txnRef] { return w.txns })
	finders, err := event.Each(ctx, l.opt.Workers, l.parts, func() *txnFinder {
		return &txnFinder{gather: event.NewGatherer(fans), found: make([][]repeat, l.parts)}
	}, func(f *txnFinder, p int) (err error) {
		if f.refs, err = f.gather.Take(p); err == nil {
			f.find()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([][]repeat, l.parts)
	for p := range all {
		for _, f := range finders {
			all[p] = append(all[p], f.found[p]...)
		}
		all[p] = sortedRepeats(all[p])
	}
	return all, nil
}

// sortedRepeats returns repeats in their order, each once.
func sortedRepeats(all []repeat) []repeat {
	slices.SortFunc(all, func(a, b repeat) int { return cmp.Compare(a.txn, b.txn) })
	return slices.Compact(all)
}

// A txnFinder finds repeated ids in one partition of ids at a time.
type txnFinder struct {
	gather *event.Gatherer[txnRef]
	refs   []txnRef
	table  []event.Key
	found  [][]repeat // by partition of accounts
}

// find notes the ids of refs that come again. Nearly none do, so the first pass
// only asks whether an id was seen, in a table that fits a cache; what it finds
// is looked at again.
func (f *txnFinder) find() {
	again, ok := f.seenAgain()
	if !ok {
		again = f.refs // ids that crowd together: sort them all
	}
	f.group(again)
}

// maxProbes is how far an id may lie from its place in the table.
const maxProbes = 64

// seenAgain returns all refs whose id several refs have; ok is false if the
// table could not tell.
func (f *txnFinder) seenAgain() (again []txnRef, ok bool) {
	if len(f.refs) < 2 {
		return nil, true
	}
	size := 2 << bits.Len(uint(len(f.refs)))
	f.table = append(f.table[:0], make([]event.Key, size)...)
	skip := uint(bits.TrailingZeros(uint(len(f.found))))
	shift := uint(64 - bits.TrailingZeros(uint(size)))
	var keys []event.Key
	for i := range f.refs {
		k := f.refs[i].txn
		at := int(uint64(k) << skip >> shift)
		for n := 0; f.table[at] != 0; n++ {
			if f.table[at] == k {
				keys = append(keys, k)
				break
			}
			if n == maxProbes {
				return nil, false
			}
			at = (at + 1) & (size - 1)
		}
		f.table[at] = k
	}
	if keys == nil {
		return nil, true
	}
	slices.Sort(keys)
	for i := range f.refs {
		if _, found := slices.BinarySearch(keys, f.refs[i].txn); found {
			again = append(again, f.refs[i])
		}
	}
	return again, true
}

// group notes the ids that several of refs have.
func (f *txnFinder) group(refs []txnRef) {
	slices.SortFunc(refs, func(a, b txnRef) int {
		if a.txn != b.txn {
			return cmp.Compare(a.txn, b.txn)
		}
		return cmp.Compare(a.account, b.account)
	})
	for i := 0; i < len(refs); {
		j := i + 1
		for j < len(refs) && refs[j].txn == refs[i].txn {
			j++
		}
		if j > i+1 {
			foreign := refs[i].account != refs[j-1].account
			for _, r := range refs[i:j] {
				p := event.PartOf(r.account, len(f.found))
				f.found[p] = append(f.found[p], repeat{r.txn, foreign})
			}
		}
		i = j
	}
}

// A settler settles partitions, one at a time.
type settler struct {
	l         *loader
	owner     *spill.Owner
	packer    *event.Packer
	fromAuth  *event.Gatherer[event.Login]
	fromPay   *event.Gatherer[event.Charge]
	counts    []settled // by source
	conflicts []conflict

	logins  []*event.Login  // of the partition at hand
	charges []*event.Charge // likewise
	drop    []bool
	order   []int32
	items   []sortItem
	places  []place
	starts  []int32 // of buckets
	runs    []int
	left    []sortItem
}

// settled counts what became of the rows of one source after they were read.
type settled struct {
	duplicates, repeats, rejected int64
	span
}

// A span is the range of times of accepted rows.
type span struct {
	first, last int64
	any         bool
}

// add widens the span to hold another one.
func (s *span) add(o span) {
	if !s.any {
		*s = o
	} else if o.any {
		s.first, s.last = min(s.first, o.first), max(s.last, o.last)
	}
}

func moment(t int64) span { return span{t, t, true} }

// A conflict is a row that is rejected for what other rows of its id say.
type conflict struct {
	txn event.Key
	pos event.Pos
}

func conflictsOf(settlers []*settler) [][]conflict {
	var all [][]conflict
	for _, s := range settlers {
		all = append(all, s.conflicts)
	}
	return all
}

// newSettler returns a settler of the rows of all workers into parts.
func newSettler(l *loader, parts *event.Parts) *settler {
	logins := make([]*event.Fan[event.Login], len(l.workers))
	charges := make([]*event.Fan[event.Charge], len(l.workers))
	for i, w := range l.workers {
		logins[i], charges[i] = w.logins, w.charges
	}
	owner := l.opt.Memory.NewOwner()
	return &settler{l: l, owner: owner, packer: event.NewPacker(parts, owner), counts: make([]settled, len(l.sources)),
		fromAuth: event.NewGatherer(logins), fromPay: event.NewGatherer(charges)}
}

// part settles partition p.
func (s *settler) part(p int, again []repeat) (err error) {
	if s.logins, err = s.fromAuth.Look(p); err != nil {
		return err
	}
	s.packer.Logins(p, s.settleLogins())
	s.fromAuth.Drop(p)
	if s.charges, err = s.fromPay.Look(p); err != nil {
		return err
	}
	s.packer.Charges(p, s.settleCharges(again))
	s.fromPay.Drop(p)
	return s.owner.Err()
}

// settleLogins sorts the logins of a partition and returns them without
// duplicates. The result is valid until the next rows are settled.
func (s *settler) settleLogins() iter.Seq[*event.Login] {
	rows := s.logins
	sortRows(s, rows, func(r *event.Login) (event.Key, int64) { return r.Account, r.Time }, event.CompareLogins)
	drop := s.flags(len(rows))
	hasID := false
	for i := range s.order {
		r := rows[s.order[i]]
		hasID = hasID || r.HasID()
		if i == 0 {
			continue
		}
		if prev := rows[s.order[i-1]]; event.SameLogin(prev, r) {
			if r.HasID() || r.Fine() {
				drop[i] = true
				s.counts[r.Pos.Source()].duplicates++
			} else {
				s.counts[r.Pos.Source()].repeats++
			}
		}
	}
	if hasID {
		s.dropSameID(rows, drop)
	}
	return func(yield func(*event.Login) bool) {
		for i, at := range s.order {
			if r := rows[at]; !drop[i] {
				s.counts[r.Pos.Source()].add(moment(r.Time))
				yield(r)
			}
		}
	}
}

// dropSameID drops all but the first of the rows of an account that have one
// event_id, whatever else they say.
func (s *settler) dropSameID(rows []*event.Login, drop []bool) {
	type ref struct {
		account, id event.Key
		at          int
	}
	var refs []ref
	for i, n := range s.order {
		if r := rows[n]; r.HasID() && !drop[i] {
			refs = append(refs, ref{r.Account, r.ID, i})
		}
	}
	slices.SortFunc(refs, func(a, b ref) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.id, b.id), cmp.Compare(a.at, b.at))
	})
	for i := 1; i < len(refs); i++ {
		if refs[i].id == refs[i-1].id && refs[i].account == refs[i-1].account {
			drop[refs[i].at] = true
			s.counts[rows[s.order[refs[i].at]].Pos.Source()].duplicates++
		}
	}
}

// settleCharges sorts the charges of a partition, makes one row of the life of
// each transaction, and takes out duplicates and contradictions.
func (s *settler) settleCharges(again []repeat) iter.Seq[*event.Charge] {
	rows := s.charges
	sortRows(s, rows, func(r *event.Charge) (event.Key, int64) { return r.Account, r.Time }, event.CompareCharges)
	drop := s.flags(len(rows))
	if len(again) > 0 {
		s.settleRepeats(rows, drop, again)
	}
	return func(yield func(*event.Charge) bool) {
		for i, at := range s.order {
			if r := rows[at]; !drop[i] {
				s.counts[r.Pos.Source()].add(moment(r.Time))
				yield(r)
			}
		}
	}
}

// A place says where in the order a row stands that has a repeated id.
type place struct{ repeat, at int32 }

// settleRepeats looks at the ids that several rows have.
func (s *settler) settleRepeats(rows []*event.Charge, drop []bool, again []repeat) {
	places := s.places[:0]
	for i, n := range s.order {
		k, ok := slices.BinarySearchFunc(again, rows[n].Txn, func(r repeat, txn event.Key) int { return cmp.Compare(r.txn, txn) })
		if ok {
			places = append(places, place{int32(k), int32(i)})
		}
	}
	s.places = places
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.repeat, b.repeat), cmp.Compare(a.at, b.at)) })
	for len(places) > 0 {
		n := 1
		for n < len(places) && places[n].repeat == places[0].repeat {
			n++
		}
		s.settleGroup(rows, drop, places[:n], again[places[0].repeat].foreign)
		places = places[n:]
	}
}

// settleGroup settles the rows of one account that have one id, which come in
// the order of time.
func (s *settler) settleGroup(rows []*event.Charge, drop []bool, group []place, foreign bool) {
	row := func(p place) *event.Charge { return rows[s.order[p.at]] }
	first := row(group[0])
	for _, p := range group[1:] {
		foreign = foreign || !event.SameTransaction(first, row(p))
	}
	if foreign {
		for _, p := range group {
			r := row(p)
			drop[p.at] = true
			s.counts[r.Pos.Source()].rejected++
			s.conflicts = append(s.conflicts, conflict{r.Txn, r.Pos})
		}
		return
	}
	prev := first
	for _, p := range group[1:] {
		r := row(p)
		drop[p.at] = true
		// Rows of one life are in the order of time and then status, so the
		// same again stands right behind.
		if count := &s.counts[r.Pos.Source()]; r.Time == prev.Time && r.Status == prev.Status {
			count.duplicates++
		} else {
			count.add(moment(r.Time))
		}
		prev = r
	}
	first.Status = prev.Status
}

func (s *settler) flags(n int) []bool {
	if cap(s.drop) < n {
		s.drop = make([]bool, n+n/8)
	}
	clear(s.drop[:n])
	return s.drop[:n]
}

// A sortItem stands for a row while rows are sorted: only small things are
// moved then; a row is far larger.
type sortItem struct {
	account event.Key
	time    int64
	at      int32
}

// sortRows sets s.order to the order of rows by account, time and then
// compare. Accounts are keys, so their bits are as good as random: rows go to
// at least as many buckets as there are rows, by the bits below those that chose
// the partition, so that a bucket is mostly one account. Logs are written in the
// order of time, so that a bucket is mostly one run for each worker, and merging
// is all that is left. Keys that were made to collide cost no more than sorting
// all.
func sortRows[T any](s *settler, rows []*T, key func(*T) (event.Key, int64), compare func(a, b *T) int) {
	shift := uint(32 + bits.LeadingZeros32(uint32(len(rows)))) // buckets: the power of two above the rows
	skip := uint(bits.TrailingZeros(uint(s.l.parts)))
	bucket := func(k event.Key) uint64 { return uint64(k) << skip >> shift }

	s.starts = append(s.starts[:0], make([]int32, (1<<(64-shift))+1)...)
	for i := range rows {
		a, _ := key(rows[i])
		s.starts[bucket(a)+1]++
	}
	for i := 1; i < len(s.starts); i++ {
		s.starts[i] += s.starts[i-1]
	}
	s.items = slices.Grow(s.items[:0], len(rows))[:len(rows)]
	for i := range rows {
		a, t := key(rows[i])
		at := &s.starts[bucket(a)]
		s.items[*at] = sortItem{a, t, int32(i)}
		*at++
	}
	from := int32(0)
	for _, end := range s.starts[:len(s.starts)-1] {
		if end-from > 1 {
			s.sortItems(s.items[from:end], func(a, b int32) int { return compare(rows[a], rows[b]) })
		}
		from = end
	}
	s.order = s.order[:0]
	for i := range s.items {
		s.order = append(s.order, s.items[i].at)
	}
}

// sortItems sorts items by account, time and then compare: by merging where they
// are two runs or so, by sorting where they are many.
func (s *settler) sortItems(items []sortItem, compare func(a, b int32) int) {
	order := func(a, b sortItem) int {
		switch {
		case a.account < b.account:
			return -1
		case a.account > b.account:
			return 1
		case a.time < b.time:
			return -1
		case a.time > b.time:
			return 1
		}
		return compare(a.at, b.at)
	}
	s.runs = append(s.runs[:0], 0)
	for i := 1; i < len(items); i++ {
		if order(items[i], items[i-1]) < 0 {
			if s.runs = append(s.runs, i); len(s.runs) == manyRuns {
				break
			}
		}
	}
	switch {
	case len(s.runs) == 1:
	case len(s.runs) < manyRuns:
		s.merge(items, order)
	default:
		slices.SortFunc(items, order)
	}
}

// manyRuns is from how many runs on sorting beats merging.
const manyRuns = 8

// merge merges the runs of items that begin at s.runs, from the right.
func (s *settler) merge(items []sortItem, order func(a, b sortItem) int) {
	for n := len(s.runs) - 1; n > 0; n-- {
		left, right := items[s.runs[n-1]:s.runs[n]], items[s.runs[n]:]
		s.left = append(s.left[:0], left...)
		to := items[s.runs[n-1]:]
		i, j, k := 0, 0, 0
		for i < len(s.left) && j < len(right) {
			if order(right[j], s.left[i]) < 0 {
				to[k] = right[j]
				j++
			} else {
				to[k] = s.left[i]
				i++
			}
			k++
		}
		copy(to[k:], s.left[i:])
	}
}

// account draws up what became of the rows of source i.
func (l *loader) account(i int, s *source, settlers []*settler) event.Source {
	info := s.info
	var seen uint64
	for _, w := range l.workers {
		info.Read += w.tallies[i].read
		info.Rejected += w.tallies[i].rejected
		info.Broken += w.tallies[i].broken
		info.Passed = addCounts(info.Passed, w.tallies[i].passed)
		info.LeftOut = addCounts(info.LeftOut, w.tallies[i].leftOut)
		if unread := w.tallies[i].unread; unread != nil {
			for f, n := range unread {
				info.Unread[f] += n
			}
		}
		seen |= w.tallies[i].seen
	}
	if !s.format.bare() {
		for _, f := range telling(info.Role) {
			if seen>>f&1 == 0 {
				info.Absent = append(info.Absent, f.String())
			}
		}
	}
	var times span
	for _, st := range settlers {
		c := &st.counts[i]
		info.Duplicates += c.duplicates
		info.Repeats += c.repeats
		info.Rejected += c.rejected
		times.add(c.span)
	}
	if times.any {
		info.First, info.Last = time.UnixMicro(times.first).UTC(), time.UnixMicro(times.last).UTC()
	}
	info.Accepted = info.Read - info.Rejected - info.Duplicates
	return info
}

// trimLine returns b without the line end at its end.
func trimLine(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte{'\n'}), []byte{'\r'})
}
