package forensics

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/charge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

// Stolen money that is sent to another account of the service is followed
// there. Where that account was robbed too, the money that came in is the
// thieves', and what they then take of it is not paid a second time. Where it
// was not, what leaves it is taken to be the stolen money first, and money that
// is stolen as a whole is followed again.
//
// A transfer out and a transfer in are the same money if one row names the
// transaction of the other, or if each names the other's account and amount,
// currency and time agree. In either case there must be one way only to pair
// them; else what came in stays its owner's, and the table of mules says so.
const (
	// maxHops is through how many accounts money is followed.
	maxHops = 16
	// transferWindow is how far apart the two rows of a transfer may be: they
	// are booked together, by one system or by two with clocks of their own.
	transferWindow = 10 * 60 * baseline.Second
)

// A flow is a transfer of stolen money.
type flow struct {
	out *event.Charge
	in  *event.Charge // where it came in; nil if that is not found
}

// to returns the account that the money went to, 0 if no row says.
func (f *flow) to() event.Key {
	if f.in != nil {
		return f.in.Account
	}
	return f.out.Ref
}

// A wire is what the two rows of a transfer agree in.
type wire struct {
	from, to event.Key
	amount   int64
	currency uint32
}

// A holder is an account that took part in a transfer.
type holder struct {
	rows  []event.Charge
	known bool // the log has rows of it
	outs  map[wire][]*event.Charge
	ins   map[wire][]*event.Charge
}

// A tracer follows stolen money.
type tracer struct {
	inv     *investigation
	victims map[event.Key]*suspect // accounts that were robbed
	own     []*event.Charge        // what came in to accounts that were entered
	holders map[event.Key]*holder
	names   map[event.Pos]linked
	base    map[event.Pos]bool // the flows that the thieves themselves made
	flows   []flow
	came    map[event.Key]map[event.Pos]bool // where they came in, by account
	err     error                            // why rows could not be read
}

// linked is what a row says about other rows, as text.
type linked struct{ txn, original string }

// follow traces what the thieves sent away, and settles the accounts again that
// it came to.
func (inv *investigation) follow(ctx context.Context) error {
	t := &tracer{inv: inv, victims: map[event.Key]*suspect{}, holders: map[event.Key]*holder{}, names: map[event.Pos]linked{}}
	base := t.stolen()
	if len(base) == 0 {
		return nil
	}
	t.flows, t.base = base, map[event.Pos]bool{}
	for i := range base {
		t.base[base[i].out.Pos] = true
	}
	for range maxHops {
		if err := t.match(ctx); err != nil {
			return err
		}
		next := append(slices.Clone(base), t.onward()...)
		if slices.Equal(rowsOfFlows(next), rowsOfFlows(t.flows)) {
			break
		}
		t.flows = next
	}
	if err := t.match(ctx); err != nil {
		return err
	}
	inv.flows = t.flows
	if err := t.settle(); err != nil {
		return err
	}
	return t.err
}

func rowsOfFlows(flows []flow) []event.Pos {
	rows := make([]event.Pos, len(flows))
	for i := range flows {
		rows[i] = flows[i].out.Pos
	}
	return rows
}

// stolen lists the transfers out that are the thieves' for sure, and notes the
// accounts that were robbed.
func (t *tracer) stolen() []flow {
	var flows []flow
	for i := range t.inv.suspects {
		s := &t.inv.suspects[i]
		if s.standing() > 0 {
			t.victims[s.key] = s
		}
		for n := range s.charges {
			c := &s.charges[n]
			switch {
			case c.Status == event.Declined:
			case c.Kind == event.TransferIn:
				t.own = append(t.own, c)
			case c.Kind == event.TransferOut && s.claims[n].Verdict == refund.Named && !s.possible() && !slices.Contains(s.ledger.Undone, n):
				flows = append(flows, flow{out: c})
			}
		}
	}
	sortFlows(flows)
	return flows
}

func sortFlows(flows []flow) {
	slices.SortFunc(flows, func(a, b flow) int {
		return cmp.Or(cmp.Compare(a.out.Time, b.out.Time), cmp.Compare(a.out.Account, b.out.Account), cmp.Compare(a.out.Txn, b.out.Txn))
	})
}

// holder returns the transfers of an account.
func (t *tracer) holder(account event.Key) *holder {
	if h := t.holders[account]; h != nil {
		return h
	}
	h := &holder{outs: map[wire][]*event.Charge{}, ins: map[wire][]*event.Charge{}}
	t.holders[account] = h
	rows, err := t.inv.reader.Account(account)
	if err != nil && t.err == nil {
		t.err = err
	}
	h.rows, h.known = slices.Clone(rows.Charges), rows.Any()
	for i := range h.rows {
		c := &h.rows[i]
		switch {
		case c.Status == event.Declined:
		case c.Kind == event.TransferOut:
			w := wire{account, c.Ref, c.Amount, c.Currency}
			h.outs[w] = append(h.outs[w], c)
		case c.Kind == event.TransferIn:
			w := wire{c.Ref, account, c.Amount, c.Currency}
			h.ins[w] = append(h.ins[w], c)
		}
	}
	return h
}

// match finds where each flow came in.
func (t *tracer) match(ctx context.Context) error {
	taken := map[event.Pos]bool{}
	groups := map[wire][]*flow{}
	var order []wire
	for i := range t.flows {
		f := &t.flows[i]
		f.in = nil
		if f.out.Ref == 0 {
			continue
		}
		w := wire{f.out.Account, f.out.Ref, f.out.Amount, f.out.Currency}
		if groups[w] == nil {
			order = append(order, w)
		}
		groups[w] = append(groups[w], f)
	}
	for _, w := range order {
		pair(t.holder(w.from).outs[w], t.holder(w.to).ins[w], groups[w], taken)
	}
	t.nameless(taken)
	if err := t.byName(ctx, taken); err != nil {
		return err
	}
	t.came = map[event.Key]map[event.Pos]bool{}
	for i := range t.flows {
		if in := t.flows[i].in; in != nil {
			if t.came[in.Account] == nil {
				t.came[in.Account] = map[event.Pos]bool{}
			}
			t.came[in.Account][in.Pos] = true
		}
	}
	return nil
}

// pair pairs the transfers of one amount between two accounts. Transfers within
// the window of each other are one cluster: as many must have gone out as came
// in, and all must be stolen. Which of them is which then makes no difference.
func pair(outs, ins []*event.Charge, flows []*flow, taken map[event.Pos]bool) {
	stolen := map[event.Pos]*flow{}
	for _, f := range flows {
		stolen[f.out.Pos] = f
	}
	all := slices.Concat(outs, ins)
	slices.SortFunc(all, func(a, b *event.Charge) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Txn, b.Txn))
	})
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Time-all[n-1].Time <= transferWindow {
			n++
		}
		var theirs []*flow
		var came []*event.Charge
		clean := true
		for _, c := range all[:n] {
			switch f := stolen[c.Pos]; {
			case c.Kind == event.TransferIn:
				came = append(came, c)
			case f == nil:
				clean = false
			default:
				theirs = append(theirs, f)
			}
		}
		if all = all[n:]; !clean || len(theirs) != len(came) {
			continue
		}
		for i, f := range theirs {
			f.in, taken[came[i].Pos] = came[i], true
		}
	}
}

// nameless pairs flows with money that came in from nobody that is named: one
// flow and one row of that amount, with no other of either within the window.
func (t *tracer) nameless(taken map[event.Pos]bool) {
	groups := map[wire][]*flow{}
	var order []wire
	for i := range t.flows {
		f := &t.flows[i]
		if f.in != nil || f.out.Ref == 0 {
			continue
		}
		w := wire{0, f.out.Ref, f.out.Amount, f.out.Currency}
		if groups[w] == nil {
			order = append(order, w)
		}
		groups[w] = append(groups[w], f)
	}
	for _, w := range order {
		var outs []*event.Charge
		for _, f := range groups[w] {
			outs = append(outs, f.out)
		}
		for i, in := range t.holder(w.to).ins[w] {
			ins := t.holder(w.to).ins[w]
			alone := (i == 0 || in.Time-ins[i-1].Time > transferWindow) && (i+1 == len(ins) || ins[i+1].Time-in.Time > transferWindow)
			at := within(outs, in.Time)
			if alone && len(at) == 1 {
				groups[w][at[0]].in, taken[in.Pos] = in, true
			}
		}
	}
}

// within lists the rows, which are in the order of time, near an instant.
func within(rows []*event.Charge, at int64) []int {
	from, _ := slices.BinarySearchFunc(rows, at-transferWindow, func(c *event.Charge, at int64) int { return cmp.Compare(c.Time, at) })
	var near []int
	for i := from; i < len(rows) && rows[i].Time <= at+transferWindow && len(near) < 2; i++ {
		near = append(near, i)
	}
	return near
}

// byName pairs what is left by the transactions that rows name. That takes
// their text, so only few are asked.
func (t *tracer) byName(ctx context.Context, taken map[event.Pos]bool) error {
	var left []*flow
	candidates := map[event.Pos]*event.Charge{}
	asked := map[event.Key]bool{} // 0 for the accounts that were entered
	for i := range t.flows {
		f := &t.flows[i]
		if f.in != nil {
			continue
		}
		left = append(left, f)
		if asked[f.out.Ref] {
			continue
		}
		asked[f.out.Ref] = true
		rows := t.own
		if f.out.Ref != 0 {
			rows = t.holder(f.out.Ref).came()
		}
		for _, c := range rows {
			if !taken[c.Pos] {
				candidates[c.Pos] = c
			}
		}
	}
	if len(left) == 0 || len(candidates) == 0 {
		return nil
	}
	if err := t.read(ctx, left, candidates); err != nil {
		return err
	}
	t.link(left, candidates)
	return nil
}

// came lists what was transferred to the account.
func (h *holder) came() []*event.Charge {
	var list []*event.Charge
	for i := range h.rows {
		if c := &h.rows[i]; c.Kind == event.TransferIn && c.Status != event.Declined {
			list = append(list, c)
		}
	}
	return list
}

// read fetches what rows say about other rows.
func (t *tracer) read(ctx context.Context, left []*flow, candidates map[event.Pos]*event.Charge) error {
	var rows []event.Pos
	ask := func(row event.Pos) {
		if _, ok := t.names[row]; !ok {
			rows = append(rows, row)
		}
	}
	for _, f := range left {
		ask(f.out.Pos)
	}
	for row := range candidates {
		ask(row)
	}
	if len(rows) == 0 {
		return nil
	}
	slices.Sort(rows)
	text, err := t.inv.log.Text(ctx, rows)
	if err != nil {
		return err
	}
	for i, row := range rows {
		t.names[row] = linked{text[i].Get(event.TxnID), text[i].Get(event.OriginalTxnID)}
	}
	return nil
}

// link pairs rows of which one names the other, if no third one is named.
func (t *tracer) link(left []*flow, candidates map[event.Pos]*event.Charge) {
	byTxn, byOriginal := map[string][]*event.Charge{}, map[string][]*event.Charge{}
	for row, c := range candidates {
		name := t.names[row]
		byTxn[name.txn] = append(byTxn[name.txn], c)
		if name.original != "" {
			byOriginal[name.original] = append(byOriginal[name.original], c)
		}
	}
	of := map[*flow]*event.Charge{}
	claims := map[*event.Charge]int{}
	for _, f := range left {
		name := t.names[f.out.Pos]
		found := map[*event.Charge]bool{}
		for _, c := range byOriginal[name.txn] {
			found[c] = true
		}
		if name.original != "" {
			for _, c := range byTxn[name.original] {
				found[c] = true
			}
		}
		for c := range found {
			if c.Account == f.out.Account || c.Currency != f.out.Currency || c.Amount > f.out.Amount || f.out.Ref != 0 && c.Account != f.out.Ref {
				delete(found, c)
			}
		}
		for c := range found {
			claims[c]++
			if len(found) == 1 {
				of[f] = c
			}
		}
	}
	for f, c := range of {
		if claims[c] == 1 {
			f.in = c
		}
	}
}

// onward lists what went on from accounts that were not robbed themselves, as
// far as it is stolen as a whole.
func (t *tracer) onward() []flow {
	var flows []flow
	for account := range t.came {
		if t.victims[account] == nil {
			for _, f := range t.spend(account).onward {
				if !t.base[f.out.Pos] {
					flows = append(flows, f)
				}
			}
		}
	}
	sortFlows(flows)
	return flows
}

// spending is what became of stolen money in an account.
type spending struct {
	onward []flow
	moved  map[uint32]int64 // by currency
}

// spend replays an account that stolen money came in to. Within an instant
// money comes in before it goes out. What was given back never left.
func (t *tracer) spend(account event.Key) spending {
	stolen := t.came[account]
	rows := t.holder(account).rows
	back := map[event.Key]int64{}
	for i := range rows {
		if c := &rows[i]; isReturn(c.Kind) && c.Status != event.Declined {
			back[c.Ref] += c.Amount
		}
	}
	out := spending{moved: map[uint32]int64{}}
	held := map[uint32]int64{}
	for i := 0; i < len(rows); {
		j := i
		for ; j < len(rows) && rows[j].Time == rows[i].Time; j++ {
			if c := &rows[j]; stolen[c.Pos] {
				held[c.Currency] += max(c.Amount-back[c.Txn], 0)
			}
		}
		for ; i < j; i++ {
			c := &rows[i]
			if !leavesWallet(c) {
				continue
			}
			left := max(c.Amount-back[c.Txn], 0)
			whole := left == c.Amount && left > 0 && left <= held[c.Currency]
			part := min(left, held[c.Currency])
			held[c.Currency] -= part
			out.moved[c.Currency] += part
			if whole && c.Kind == event.TransferOut {
				out.onward = append(out.onward, flow{out: c})
			}
		}
	}
	return out
}

// leavesWallet reports whether a row takes money out of the wallet.
func leavesWallet(c *event.Charge) bool {
	switch {
	case c.Status == event.Declined:
		return false
	case c.Kind == event.Payment:
		return c.Funding == event.Balance || c.Funding == event.NoFunding
	}
	return c.Kind == event.TransferOut || c.Kind == event.Payout
}

// settle counts what came in to robbed accounts as the thieves', and settles
// these again. What a person decided stays.
func (t *tracer) settle() error {
	for i := range t.inv.suspects {
		s := &t.inv.suspects[i]
		came := t.came[s.key]
		if t.victims[s.key] == nil || came == nil {
			continue
		}
		changed := false
		for n := range s.charges {
			claim := &s.claims[n]
			if !came[s.charges[n].Pos] || claim.Basis == charge.Decided || claim.Verdict == refund.Named {
				continue
			}
			claim.ByEvidence = claim.Verdict
			claim.Verdict, claim.Basis, changed = refund.Named, charge.SentOn, true
			if claim.Visit < 0 {
				claim.Visit = s.best
			}
		}
		if changed {
			if err := t.inv.draw(s); err != nil {
				return err
			}
		}
	}
	var err error
	t.inv.mules, err = t.list()
	return err
}

// A mule is an account that got stolen money, by keys.
type mule struct {
	Mule
	name event.Pos // a row that names it as its counterparty, or is of it
	own  bool      // the row is of it
}

// list draws up who got stolen money.
func (t *tracer) list() ([]mule, error) {
	type key struct {
		account  event.Key
		currency uint32
	}
	at := map[key]int{}
	senders := map[key][]event.Key{}
	sums := map[key]*[2]money.Sum{}
	var list []mule
	for i := range t.flows {
		f := &t.flows[i]
		if f.to() == 0 {
			t.inv.unnamed++
			continue
		}
		k := key{f.to(), f.out.Currency}
		n, ok := at[k]
		if !ok {
			n = len(list)
			at[k], sums[k] = n, &[2]money.Sum{}
			m := mule{Mule: Mule{Currency: money.Currency(k.currency), First: f.out.Time, Victim: t.victims[k.account] != nil,
				Seen: t.holder(k.account).known}, name: f.out.Pos}
			if f.out.Ref == 0 {
				m.name, m.own = f.in.Pos, true
			}
			list = append(list, m)
		}
		m := &list[n]
		m.Last = max(m.Last, f.out.Time)
		m.Transfers++
		sums[k][0].Add(f.out.Amount)
		if f.in == nil {
			m.Lost++
			sums[k][1].Add(f.out.Amount)
		}
		senders[k] = append(senders[k], f.out.Account)
	}
	moved := map[event.Key]spending{}
	var failed error
	for k, n := range at {
		m := &list[n]
		m.From = int64(len(distinct(senders[k])))
		for i, to := range [...]*int64{&m.Received, &m.Unmatched} {
			sum, err := sums[k][i].Total()
			if *to = sum; err != nil {
				failed = fmt.Errorf("what one account received: %w", err)
			}
		}
		if m.Traced = m.Seen && !m.Victim && m.Lost < m.Transfers; m.Traced {
			if _, ok := moved[k.account]; !ok {
				moved[k.account] = t.spend(k.account)
			}
			m.Moved = moved[k.account].moved[k.currency]
		}
	}
	return list, failed
}
