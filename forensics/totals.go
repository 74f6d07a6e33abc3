package forensics

import (
	"cmp"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// complete adds up what the rows of the case say: totals, shops, hours. Every
// sum is checked; one that does not fit is an error.
func (c *Case) complete(hours []Hour) error {
	totals := map[money.Currency]*Total{}
	total := func(cur money.Currency) *Total {
		if totals[cur] == nil {
			totals[cur] = &Total{Currency: cur}
		}
		return totals[cur]
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		total(v.Currency).victim(v)
	}
	for i := range c.Refunds {
		r := &c.Refunds[i]
		total(r.Currency).line(r)
	}
	c.besides(total)
	for _, t := range totals {
		if err := t.close(); err != nil {
			return err
		}
		c.Totals = append(c.Totals, *t)
	}
	slices.SortFunc(c.Totals, func(a, b Total) int { return cmp.Compare(a.Currency.String(), b.Currency.String()) })
	if err := c.stores(); err != nil {
		return err
	}
	return c.timeline(hours)
}

// A purse is one currency of an account.
type purse struct {
	account  string
	currency money.Currency
}

func (t *Total) victim(v *Victim) {
	tier := &t.ByTier[v.Tier]
	if v.Tier == takeover.Possible && v.Decided {
		tier = &t.ByDecision
	}
	tier.Victims++
	tier.sum.Add(v.NetLoss)
	if !v.owed() {
		return
	}
	t.Charges += v.Charges
	t.topUps.Add(v.TopUp)
	t.spends.Add(v.Spend)
	t.losses.Add(v.NetLoss)
}

func (t *Total) line(r *Refund) {
	switch r.Status {
	case refund.Open, refund.Closed:
		t.owed.Add(r.Amount)
	case refund.Held:
		t.held.Add(r.Amount)
	case refund.NeedsDecision:
		t.open.Add(r.Amount)
		return // in no total of what is owed
	case refund.Exception:
		t.odd.Add(r.Amount)
	}
	if !r.named() {
		return
	}
	at, ok := slices.BinarySearchFunc(t.ByChannel, r.Channel, func(c ChannelTotal, k refund.Channel) int { return cmp.Compare(c.Channel, k) })
	if !ok {
		t.ByChannel = slices.Insert(t.ByChannel, at, ChannelTotal{Channel: r.Channel})
	}
	t.ByChannel[at].Lines++
	t.ByChannel[at].sum.Add(r.Amount)
}

// besides adds up the lines that stand between the net loss of named victims and
// what lines come to by status: those of accounts that are no victims in the
// currency, because none of their charges is approved so far; those of named
// accounts that need a decision; and exceptions of possible victims.
func (c *Case) besides(total func(money.Currency) *Total) {
	victims, counted := map[purse]bool{}, map[purse]bool{}
	for i := range c.Victims {
		victims[purse{c.Victims[i].Account, c.Victims[i].Currency}] = true
	}
	for i := range c.Refunds {
		r := &c.Refunds[i]
		t, k := total(r.Currency), purse{r.Account, r.Currency}
		if !r.named() {
			if r.Status != refund.NeedsDecision {
				t.oddPossible.Add(r.Amount)
			}
			continue
		}
		if r.Status == refund.NeedsDecision {
			t.openNamed.Add(r.Amount)
		}
		if r.Amount != 0 && !victims[k] {
			t.notYet.Add(r.Amount)
			if !counted[k] {
				counted[k] = true
				t.NotYetAccounts++
			}
		}
	}
}

// close takes the sums out, so that a sum that did not fit is noticed.
func (t *Total) close() error {
	var err error
	take := func(s *money.Sum) int64 {
		v, e := s.Total()
		if err == nil {
			err = e
		}
		return v
	}
	t.TopUp, t.Spend, t.NetLoss = take(&t.topUps), take(&t.spends), take(&t.losses)
	t.Owed, t.Held, t.NeedsDecision, t.Exception = take(&t.owed), take(&t.held), take(&t.open), take(&t.odd)
	t.ByDecision.NetLoss = take(&t.ByDecision.sum)
	t.NotYet, t.OpenNamed, t.OddPossible = take(&t.notYet), take(&t.openNamed), take(&t.oddPossible)
	for i := range t.ByTier {
		t.ByTier[i].NetLoss = take(&t.ByTier[i].sum)
	}
	for i := range t.ByChannel {
		t.ByChannel[i].Amount = take(&t.ByChannel[i].sum)
	}
	return err
}

// counted reports whether a charge counts as stolen: it moved money, was not
// undone, and is at least probably the attacker's, or a person says so.
func (c *Charge) counted() bool {
	return (c.Status == "approved" || c.Status == "pending") && (c.Tier >= takeover.Probable || c.Decided)
}

// spent reports whether a charge took value out of the account.
func (c *Charge) spent() bool {
	return c.Kind == event.Payment || c.Kind == event.TransferOut || c.Kind == event.Payout
}

// visitGap is how long a shop may be quiet before the next charge counts as
// another visit, for which the cameras are looked at again.
const visitGap = 10 * 60 * baseline.Second

// stores lists the shops where stolen money was spent, and when.
func (c *Case) stores() error {
	var at []*Charge
	for i := range c.Charges {
		if ch := &c.Charges[i]; ch.Store != "" && ch.spent() && ch.counted() {
			at = append(at, ch)
		}
	}
	slices.SortFunc(at, func(a, b *Charge) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Currency.String(), b.Currency.String()),
			cmp.Compare(a.Time, b.Time), cmp.Compare(a.Txn, b.Txn))
	})
	for len(at) > 0 {
		n := 1
		for n < len(at) && at[n].Store == at[0].Store && at[n].Currency == at[0].Currency {
			n++
		}
		group := at[:n]
		at = at[n:]
		sum, err := sumOf(group)
		if err != nil {
			return err
		}
		c.Stores = append(c.Stores, Store{Store: group[0].Store, Charges: int64(n), Victims: accountsOf(group),
			Amount: sum, First: group[0].Time, Last: group[n-1].Time, Currency: group[0].Currency})
		c.visits(group)
	}
	return nil
}

// visits splits the charges of a shop into visits.
func (c *Case) visits(group []*Charge) {
	for len(group) > 0 {
		n := 1
		for n < len(group) && group[n].Time-group[n-1].Time <= visitGap {
			n++
		}
		sum, _ := sumOf(group[:n]) // part of a sum that fitted
		c.Visits = append(c.Visits, StoreVisit{Store: group[0].Store, From: group[0].Time, To: group[n-1].Time,
			Charges: int64(n), Accounts: accountsOf(group[:n]), Amount: sum, Currency: group[0].Currency, Terminals: terminalsOf(group[:n])})
		group = group[n:]
	}
}

// terminalsOf lists the registers of charges, each once.
func terminalsOf(charges []*Charge) []string {
	var all []string
	for _, c := range charges {
		if c.Terminal != "" {
			all = append(all, c.Terminal)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func sumOf(charges []*Charge) (int64, error) {
	var s money.Sum
	for _, c := range charges {
		s.Add(c.Amount)
	}
	return s.Total()
}

func accountsOf(charges []*Charge) int64 {
	names := make([]string, len(charges))
	for i, c := range charges {
		names[i] = c.Account
	}
	slices.Sort(names)
	return int64(len(slices.Compact(names)))
}

// timeline lists the hours from the first sign of the attack to the last
// stolen charge, in each currency.
func (c *Case) timeline(hours []Hour) error {
	from, to := c.incident()
	if from == 0 && to == 0 {
		return nil
	}
	currencies := []money.Currency{0}
	if len(c.Totals) > 0 {
		currencies = currencies[:0]
		for i := range c.Totals {
			currencies = append(currencies, c.Totals[i].Currency)
		}
	}
	for _, cur := range currencies {
		at := map[int64]*Hour{}
		var list []*Hour
		for _, h := range c.span(from, to, hours) {
			hour := &Hour{At: h, Currency: cur}
			at[h] = hour
			list = append(list, hour)
		}
		for _, h := range hours {
			if row := at[h.At]; row != nil {
				row.Attempts, row.Failures, row.Entries = h.Attempts, h.Failures, h.Entries
			}
		}
		if err := c.spendByHour(cur, at, list); err != nil {
			return err
		}
	}
	return nil
}

// longIncident is from how many hours on only those are listed in which there
// was something: clocks gone wrong can spread a log over centuries.
const longIncident = 366 * 24

// span returns the hours from first to last that the timeline lists.
func (c *Case) span(from, to int64, hours []Hour) []int64 {
	var list []int64
	if (to-from)/baseline.Hour < longIncident {
		for h := from; h <= to; h += baseline.Hour {
			list = append(list, h)
		}
		return list
	}
	for i := range hours {
		if h := hours[i].At; h >= from && h <= to {
			list = append(list, h)
		}
	}
	for i := range c.Charges {
		if c.Charges[i].counted() {
			list = append(list, hourOf(c.Charges[i].Time))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// leadUp is how long before the first takeover the timeline begins: lists are
// tried before anything is entered.
const leadUp = 24 * baseline.Hour

// hourOf returns the start of the hour of a time.
func hourOf(t int64) int64 {
	return t - ((t%baseline.Hour)+baseline.Hour)%baseline.Hour
}

// incident returns the first and last hour of the incident, 0 and 0 if there
// is none.
func (c *Case) incident() (from, to int64) {
	for i := range c.Takeovers {
		if t := &c.Takeovers[i]; t.Tier >= takeover.Probable {
			if h := hourOf(t.TakeoverAt); from == 0 || h < from {
				from = h
			}
			to = max(to, hourOf(t.TakeoverAt))
		}
	}
	if from == 0 && to == 0 {
		return 0, 0
	}
	for i := range c.Charges {
		if c.Charges[i].counted() {
			from, to = min(from, hourOf(c.Charges[i].Time)), max(to, hourOf(c.Charges[i].Time))
		}
	}
	return max(from-leadUp, hourOf(c.First)), to
}

func (c *Case) spendByHour(cur money.Currency, at map[int64]*Hour, list []*Hour) error {
	var sums [2]money.Sum
	for i := range c.Charges {
		ch := &c.Charges[i]
		if !ch.counted() || ch.Currency != cur {
			continue
		}
		row := at[hourOf(ch.Time)]
		switch {
		case ch.Kind == event.TopUp:
			row.TopUps++
			row.TopUpAmount += ch.Amount
			sums[0].Add(ch.Amount)
		case ch.spent():
			row.Spends++
			row.SpendAmount += ch.Amount
			sums[1].Add(ch.Amount)
		}
	}
	for i := range sums {
		if _, err := sums[i].Total(); err != nil {
			return err
		}
	}
	var sum int64
	for _, row := range list {
		sum += row.SpendAmount
		row.CumulativeSpend = sum
		c.Timeline = append(c.Timeline, *row)
	}
	return nil
}

// sort puts every list into its order. No line number takes part.
func (c *Case) sort() {
	slices.SortFunc(c.Victims, func(a, b Victim) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency.String(), b.Currency.String()))
	})
	slices.SortFunc(c.Takeovers, func(a, b Takeover) int { return cmp.Compare(a.Account, b.Account) })
	slices.SortFunc(c.Charges, func(a, b Charge) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Txn, b.Txn))
	})
	slices.SortFunc(c.Refunds, func(a, b Refund) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency.String(), b.Currency.String()),
			cmp.Compare(a.Component, b.Component), slices.Compare(a.Txns, b.Txns), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(c.Places, func(a, b Place) int {
		return cmp.Or(strings.Compare(b.Role, a.Role), strings.Compare(a.Kind, b.Kind),
			cmp.Compare(b.Failures, a.Failures), cmp.Compare(b.Entered, a.Entered), strings.Compare(a.Value, b.Value))
	})
	slices.SortFunc(c.Campaigns, func(a, b Campaign) int {
		return cmp.Or(cmp.Compare(a.First, b.First), strings.Compare(a.ID, b.ID))
	})
	slices.SortFunc(c.Mules, func(a, b Mule) int {
		return cmp.Or(strings.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(b.Received, a.Received), strings.Compare(a.Account, b.Account))
	})
	slices.SortFunc(c.Stores, func(a, b Store) int {
		return cmp.Or(strings.Compare(a.Currency.String(), b.Currency.String()), cmp.Compare(b.Amount, a.Amount), strings.Compare(a.Store, b.Store))
	})
	slices.SortFunc(c.Visits, func(a, b StoreVisit) int {
		return cmp.Or(strings.Compare(a.Store, b.Store), cmp.Compare(a.From, b.From), strings.Compare(a.Currency.String(), b.Currency.String()))
	})
}
