package quality

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// maxAmount bounds every amount that is compared, so that a difference of two
// always fits.
const maxAmount = 1 << 60

// A Money compares what the case says is owed, by the lines of confirmed and
// probable accounts, with what is. All amounts are in minor units.
type Money struct {
	Currency string `json:"currency"`
	Said     int64  `json:"said"`
	True     int64  `json:"true"`
	Right    int64  `json:"right"` // of each account the smaller of the two, 0 where one is to be paid and one taken back
	Over     int64  `json:"over"`  // said beyond what is owed, account by account
	Under    int64  `json:"under"` // owed beyond what is said
	// Precision is right of said, Recall right of true, what is to be taken
	// back counting like what is to be paid; Misplaced is over and under
	// together of true.
	Precision Rate `json:"precision"`
	Recall    Rate `json:"recall"`
	F1        Rate `json:"f1"`
	Misplaced Rate `json:"misplaced"`
	// Exact counts the accounts that something is owed to, or said to be, that
	// are right to the minor unit.
	Exact Share `json:"accounts_exact"`
	// Seen is the same for victims whose owner the logs show before the thief.
	Seen *Misplaced `json:"owner_seen_before,omitempty"`
}

// A Misplaced is the money of some victims.
type Misplaced struct {
	True  int64 `json:"true"`
	Over  int64 `json:"over"`
	Under int64 `json:"under"`
	Rate  Rate  `json:"misplaced"`
}

// A Channel compares what is owed through one channel, account by account.
type Channel struct {
	Currency string `json:"currency"`
	Channel  string `json:"channel"`
	Said     int64  `json:"said"`
	True     int64  `json:"true"`
	Over     int64  `json:"over"`
	Under    int64  `json:"under"`
}

func abs(v int64) int64 {
	if v < 0 {
		return -max(v, -math.MaxInt64)
	}
	return v
}

// in returns the amounts of an account in a currency.
func (a *account) in(c money.Currency) *amounts {
	i := slices.IndexFunc(a.money, func(m amounts) bool { return m.currency == c })
	if i < 0 {
		i = len(a.money)
		a.money = append(a.money, amounts{currency: c})
	}
	return &a.money[i]
}

// add adds an amount, or fails where it is too large.
func add(to *int64, amount int64) error {
	if abs(amount) > maxAmount || abs(*to+amount) > maxAmount {
		return fmt.Errorf("%w: an account with more than %d", money.ErrOverflow, int64(maxAmount))
	}
	*to += amount
	return nil
}

// owed adds up for each account what is said and what is true.
func (e *evaluation) owed() error {
	for i := range e.f.Lines {
		l := &e.f.Lines[i]
		if l.Tier < takeover.Probable {
			continue
		}
		if err := add(&e.account(l.Account).in(l.Currency).said, l.Amount); err != nil {
			return err
		}
	}
	for i := range e.t.Debts {
		d := &e.t.Debts[i]
		if err := add(&e.account(d.Account).in(d.Currency).true, d.Amount); err != nil {
			return err
		}
	}
	if !e.t.HasLosses {
		return nil
	}
	for i := range e.t.Accounts {
		t := &e.t.Accounts[i]
		if t.Currency == 0 {
			continue
		}
		m := e.account(t.ID).in(t.Currency)
		switch {
		case !e.t.HasDebts:
			m.true = t.NetLoss
		case m.true != t.NetLoss:
			return fmt.Errorf("the truth contradicts itself: the account in row %d lost %s, its lines of money add up to %s", i+1,
				money.Format(t.NetLoss, t.Currency), money.Format(m.true, t.Currency))
		}
	}
	return nil
}

// sums are the sums of one currency.
type sums struct {
	said, true, right, over, under, seenTrue, seenOver, seenUnder money.Sum
	saidAll, trueAll                                              money.Sum // whatever the sign
	exact                                                         Share
}

func (s *sums) add(m *amounts, seen bool) {
	over, under := max(m.said-m.true, 0), max(m.true-m.said, 0)
	s.said.Add(m.said)
	s.true.Add(m.true)
	s.saidAll.Add(abs(m.said))
	s.trueAll.Add(abs(m.true))
	if (m.said > 0) == (m.true > 0) {
		s.right.Add(min(abs(m.said), abs(m.true)))
	}
	s.over.Add(over)
	s.under.Add(under)
	if m.said != 0 || m.true != 0 {
		s.exact.count(m.said == m.true)
	}
	if seen {
		s.seenTrue.Add(m.true)
		s.seenOver.Add(over)
		s.seenUnder.Add(under)
	}
}

// money adds up what is owed, by currency and by channel.
func (e *evaluation) money() error {
	if !e.t.hasLoss() {
		e.unanswered("what is owed", "the truth has no file of money, and no column net_loss")
		return nil
	}
	all := map[money.Currency]*sums{}
	for _, a := range e.accounts {
		for i := range a.money {
			m := &a.money[i]
			if all[m.currency] == nil {
				all[m.currency] = &sums{}
			}
			all[m.currency].add(m, a.isVictim() && a.truth.Seen)
		}
	}
	for c, s := range all {
		m, err := s.money(c, e.t.HasSeen)
		if err != nil {
			return err
		}
		e.out.Money = append(e.out.Money, m)
	}
	slices.SortFunc(e.out.Money, func(a, b Money) int { return cmp.Compare(a.Currency, b.Currency) })
	return e.channels()
}

func (s *sums) money(c money.Currency, hasSeen bool) (Money, error) {
	m := Money{Currency: c.String(), Exact: s.exact}
	seen := &Misplaced{}
	precision, recall := Share{}, Share{}
	for _, x := range [...]struct {
		to  *int64
		sum *money.Sum
	}{{&m.Said, &s.said}, {&m.True, &s.true}, {&m.Right, &s.right}, {&m.Over, &s.over}, {&m.Under, &s.under},
		{&precision.Whole, &s.saidAll}, {&recall.Whole, &s.trueAll},
		{&seen.True, &s.seenTrue}, {&seen.Over, &s.seenOver}, {&seen.Under, &s.seenUnder}} {
		var err error
		if *x.to, err = x.sum.Total(); err != nil {
			return m, err
		}
	}
	misplaced, err := money.Add(m.Over, m.Under)
	if err != nil {
		return m, err
	}
	precision.Part, recall.Part = m.Right, m.Right
	m.Precision, m.Recall, m.F1 = precision.Rate(), recall.Rate(), f1(precision, recall)
	m.Misplaced = rate(misplaced, max(m.True, 0))
	if hasSeen {
		seen.Rate = rate(seen.Over+seen.Under, max(seen.True, 0)) // a part of what fitted
		m.Seen = seen
	}
	return m, nil
}

// channels compares channel by channel, if the truth knows channels.
func (e *evaluation) channels() error {
	type key struct {
		account, channel string
		currency         money.Currency
	}
	both := map[key]*amounts{}
	at := func(k key) *amounts {
		if both[k] == nil {
			both[k] = &amounts{}
		}
		return both[k]
	}
	known := false
	for i := range e.t.Debts {
		d := &e.t.Debts[i]
		known = known || d.Channel != ""
		if err := add(&at(key{d.Account, d.Channel, d.Currency}).true, d.Amount); err != nil {
			return err
		}
	}
	if !known {
		return nil
	}
	for i := range e.f.Lines {
		if l := &e.f.Lines[i]; l.Tier >= takeover.Probable {
			if err := add(&at(key{l.Account, l.Channel, l.Currency}).said, l.Amount); err != nil {
				return err
			}
		}
	}
	all := map[key]*sums{}
	for k, m := range both {
		k.account = ""
		if all[k] == nil {
			all[k] = &sums{}
		}
		all[k].add(m, false)
	}
	for k, s := range all {
		m, err := s.money(k.currency, false)
		if err != nil {
			return err
		}
		e.out.Channels = append(e.out.Channels, Channel{m.Currency, cmp.Or(k.channel, "(none given)"), m.Said, m.True, m.Over, m.Under})
	}
	slices.SortFunc(e.out.Channels, func(a, b Channel) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Channel, b.Channel))
	})
	return nil
}
