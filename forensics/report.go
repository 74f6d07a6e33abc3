package forensics

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/charge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// report draws up the case.
func (inv *investigation) report() (*Case, error) {
	decisions, err := inv.listDecisions()
	if err != nil {
		return nil, err
	}
	c := &Case{Policy: inv.p, Sources: inv.log.Sources, Rejects: inv.log.Rejects,
		Newcomers: int64(len(inv.found.Visits)), Accounts: inv.found.Accounts,
		PriorPPB: inv.found.Prior, WrongMilli: inv.found.Wrong,
		FailureRate: inv.found.Sources.Failures, EntryRate: inv.found.Sources.Entries,
		SpentFirst: inv.known.spentFirst, Unnamed: inv.unnamed, Balances: inv.known.given, BalancesUsed: inv.balancesUsed(),
		Decisions: decisions, KnownBad: inv.found.Listing.Count()}
	ids := inv.campaignIDs()
	for i := range inv.suspects {
		s := &inv.suspects[i]
		c.Takeovers = append(c.Takeovers, inv.takeover(s, ids))
		c.Charges = append(c.Charges, inv.charges(s)...)
		victims, lines := inv.ledger(s, ids)
		c.Victims = append(c.Victims, victims...)
		c.Refunds = append(c.Refunds, lines...)
	}
	inv.places(c)
	for i := range inv.mules {
		m := &inv.mules[i]
		field := event.CounterpartyID
		if m.own {
			field = event.AccountID
		}
		m.Account = inv.textOf(m.name).Get(field)
		c.Mules = append(c.Mules, m.Mule)
	}
	inv.period(c)
	if err := c.complete(inv.hours()); err != nil {
		return nil, err
	}
	if err := inv.listInsiders(c); err != nil {
		return nil, err
	}
	c.Unanswered = append(inv.unanswered(), c.Insiders.unanswered(len(inv.asked.Spent) > 0)...)
	inv.figures(c)
	everybody := make([]*suspect, len(inv.suspects))
	for i := range everybody {
		everybody[i] = &inv.suspects[i]
	}
	c.Roles = inv.roles(everybody)
	inv.listPace()
	c.Pace = inv.paced
	c.campaigns(inv, ids)
	c.sort()
	return c, nil
}

// balancesUsed counts the balances of accounts and currencies with a ledger.
func (inv *investigation) balancesUsed() int64 {
	var n int64
	for i := range inv.suspects {
		s := &inv.suspects[i]
		for k := range s.balances {
			if slices.ContainsFunc(s.ledger.Totals, func(t refund.Total) bool { return t.Currency == s.balances[k].Currency }) {
				n++
			}
		}
	}
	return n
}

// campaignIDs names the campaigns after their first takeover.
func (inv *investigation) campaignIDs() []string {
	first := make([]int, len(inv.vectors))
	for i := range first {
		first[i] = -1
	}
	for i := range inv.suspects {
		s := &inv.suspects[i]
		f := &first[s.campaign]
		if *f < 0 || inv.earlier(s, &inv.suspects[*f]) {
			*f = i
		}
	}
	ids := make([]string, len(first))
	for i, f := range first {
		ids[i] = refund.ID("campaign", inv.account(&inv.suspects[f]))
	}
	return ids
}

func (inv *investigation) earlier(a, b *suspect) bool {
	return cmp.Or(cmp.Compare(a.takeoverAt(), b.takeoverAt()), cmp.Compare(inv.account(a), inv.account(b))) < 0
}

// account returns the text of a suspect's account.
func (inv *investigation) account(s *suspect) string {
	return inv.textOf(s.entries[s.best]).Get(event.AccountID)
}

// reasons returns the codes that speak against visit n of a suspect.
func (inv *investigation) reasons(s *suspect, n int) []string {
	var codes []string
	for _, r := range s.visits[n].Reasons(inv.p) {
		codes = append(codes, r.String())
	}
	return codes
}

func (inv *investigation) takeover(s *suspect, ids []string) Takeover {
	v := &s.visits[s.best]
	t := inv.textOf(s.entries[s.best])
	prior := v.Total - v.Own() - v.Shared - v.Company
	first := s.first()
	return Takeover{
		Account: t.Get(event.AccountID), Tier: s.tier(), Score: v.Total, Vector: s.vector, Campaign: ids[s.campaign],
		TakeoverAt: s.takeoverAt(), SourceIP: t.Get(event.IP), Device: t.Get(event.DeviceID),
		Lost: s.standing() > 0, Reasons: inv.reasons(s, s.best),
		Weights: Weights{prior, v.Own() - v.Visit - v.Conduct, v.Visit, v.Conduct, v.Shared, v.Company},
		Decided: s.confirmed, Source: inv.log.Sources[s.entries[first].Source()].Name, Line: inv.textOf(s.entries[first]).Line,
	}
}

// standing counts the fraudulent charges that were approved and not undone.
func (s *suspect) standing() int {
	n := 0
	for i := range s.ledger.Totals {
		n += s.ledger.Totals[i].Standing
	}
	return n
}

// charges lists the attacker's charges of a suspect.
func (inv *investigation) charges(s *suspect) []Charge {
	var out []Charge
	for n := range s.charges {
		claim, row := s.claims[n], &s.charges[n]
		if claim.Verdict == refund.Own {
			continue
		}
		t := inv.textOf(row.Pos)
		v := &s.visits[claim.Visit]
		c := Charge{
			Txn: t.Get(event.TxnID), Account: t.Get(event.AccountID), Time: row.Time, Kind: row.Kind,
			Amount: row.Amount, Currency: money.Currency(row.Currency), Status: row.Status.String(),
			Store: storeText(t), Device: t.Get(event.DeviceID), IP: t.Get(event.IP),
			Tier: s.tiers[claim.Visit], Score: v.Total, Reasons: inv.reasons(s, claim.Visit),
			Source: inv.log.Sources[row.Pos.Source()].Name, Line: t.Line, Terminal: t.Get(event.TerminalID),
		}
		switch {
		case claim.Basis == charge.SentOn:
			c.Reasons, c.SentOn = []string{sentOn}, true
		case claim.Basis == charge.Decided:
			c.Decided = true
			if claim.ByEvidence == refund.Own { // nothing but the decision speaks
				c.Tier, c.Score, c.Reasons = takeover.Possible, 0, []string{byDecision}
			} else if claim.ByEvidence == refund.Possible {
				c.Tier = takeover.Possible
			}
		case claim.Verdict == refund.Possible:
			c.Tier = takeover.Possible
		}
		if at, ok := slices.BinarySearchFunc(s.shares, n, func(s refund.Share, n int) int { return cmp.Compare(s.Charge, n) }); ok {
			c.FromWallet, c.FromFraud, c.FromOwn = true, s.shares[at].Fraud, s.shares[at].Own
		}
		if slices.Contains(s.ledger.Undone, n) {
			c.Status = "reversed"
		}
		out = append(out, c)
	}
	return out
}

// The reasons of charges that the account's visits do not speak for.
const (
	sentOn     = "stolen_elsewhere"
	byDecision = "decided"
)

// A Code is a code that files show, and what it means.
type Code struct{ Code, Doc string }

// ChargeReasons lists the reasons of charges beside those of takeover.
func ChargeReasons() []Code {
	return []Code{
		{sentOn, "money that was stolen from another account and sent here"},
		{byDecision, "by the evidence the owner's, but a person decided that it is stolen"},
	}
}

// ledger lists the victims, one a currency, and the lines of a suspect.
func (inv *investigation) ledger(s *suspect, ids []string) ([]Victim, []Refund) {
	account, tier := inv.account(s), s.paidTier()
	var lines []Refund
	for i := range s.ledger.Lines {
		l := &s.ledger.Lines[i]
		r := Refund{Account: account, Component: l.Component, Channel: l.Channel, Gross: l.Gross, Returned: l.Returned,
			Amount: l.Amount, Currency: l.Currency, Tier: tier, Status: l.Status, Reasons: l.Reasons, Payer: payer(l), Decided: s.confirmed}
		for _, n := range l.Charges {
			r.Txns = append(r.Txns, inv.textOf(s.charges[n].Pos).Get(event.TxnID))
		}
		key := ""
		if l.Component == refund.InstrumentRefund || l.Component == refund.UnmatchedReturn {
			key = r.Txns[0]
		}
		if l.Instrument != 0 {
			r.FundingRef = inv.textOf(s.charges[l.Charges[0]].Pos).Get(event.FundingRef)
		}
		r.ID = refund.ID("refund", account, l.Currency.String(), obligation(l.Component), key)
		lines = append(lines, r)
	}
	var victims []Victim
	for i := range s.ledger.Totals {
		if t := &s.ledger.Totals[i]; t.Standing > 0 {
			victims = append(victims, inv.victim(s, t, ids))
		}
	}
	return victims, lines
}

// obligation names what a line's component is part of. What is restored to a wallet
// today may be taken back from it tomorrow: that is one obligation with another
// target, so that whoever pays sees what was paid for it.
func obligation(c refund.Component) string {
	if c == refund.BalanceRestore || c == refund.BalanceClawback {
		return "wallet"
	}
	return c.String()
}

// payer says who gives the money back: the operator, unless the issuer can
// still stop the debit.
func payer(l *refund.Line) string {
	if l.Reasons.Has(refund.IssuerMayStop) {
		return "issuer"
	}
	return "operator"
}

func (inv *investigation) victim(s *suspect, t *refund.Total, ids []string) Victim {
	v := Victim{Account: inv.account(s), Tier: s.paidTier(), Vector: s.vector, Campaign: ids[s.campaign],
		TakeoverAt: s.takeoverAt(), Charges: int64(t.Charges), TopUp: t.TopUp, Spend: t.Spend,
		NetLoss: t.NetLoss, Currency: t.Currency, Decided: s.confirmed}
	if s.decided != nil {
		v.Route = s.decided.route
		if s.confirmed {
			v.Validation = s.decided.account.Validation
		}
	}
	best := -1
	for n, claim := range s.claims {
		row := &s.charges[n]
		counts := claim.Verdict == refund.Named || claim.Verdict == refund.Possible && s.possible()
		if !counts || money.Currency(row.Currency) != t.Currency || row.Status == event.Declined {
			continue
		}
		if v.FirstFraud == 0 {
			v.FirstFraud = row.Time
		}
		v.LastFraud = row.Time
		if best < 0 || s.visits[claim.Visit].Total > s.visits[best].Total {
			best = claim.Visit
		}
	}
	if best >= 0 {
		v.Score, v.Reasons = s.visits[best].Total, inv.reasons(s, best)
	}
	return v
}

// networkText returns the /24 or /48 of an address.
func networkText(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return ip
	}
	return p.String()
}

// places lists where the attack came from: places by their failures, and the
// devices and addresses of the visits that are named.
func (inv *investigation) places(c *Case) {
	for _, cell := range inv.found.Sources.Attack {
		c.Places = append(c.Places, Place{
			Kind: cell.Kind.String(), Value: placeText(cell, inv.textOf(cell.Row)), Role: "tester",
			Tried: cell.Accounts, Entered: cell.Entered, Attempts: cell.Failures + cell.Entries,
			Failures: cell.Failures, UnknownAccs: cell.Unknown, First: cell.First, Last: cell.Last, Score: cell.Weight,
		})
	}
	type key struct{ kind, value string }
	executors := map[key]*Place{}
	counted := map[key]int{} // 1 + the suspect that was counted last
	for i := range inv.suspects {
		s := &inv.suspects[i]
		for n := range s.visits {
			v := &s.visits[n]
			if s.tiers[n] < takeover.Probable || !v.Paid {
				continue
			}
			t := inv.textOf(s.entries[n])
			for _, k := range [...]key{{"device", t.Get(event.DeviceID)}, {"ip", t.Get(event.IP)}} {
				if k.value == "" {
					continue
				}
				p := executors[k]
				if p == nil {
					p = &Place{Kind: k.kind, Value: k.value, Role: "executor", First: v.First, Score: v.Total}
					executors[k] = p
				}
				if counted[k] != i+1 {
					counted[k] = i + 1
					p.Entered++
					p.Tried++
				}
				p.Attempts++
				p.First, p.Last, p.Score = min(p.First, v.First), max(p.Last, v.Last), max(p.Score, v.Total)
			}
		}
	}
	for _, p := range executors {
		c.Places = append(c.Places, *p) // sorted with the rest
	}
}

// period sets the range of times that was read.
func (inv *investigation) period(c *Case) {
	for i := range inv.log.Sources {
		s := &inv.log.Sources[i]
		if s.First.IsZero() {
			continue
		}
		if c.First == 0 || s.First.UnixMicro() < c.First {
			c.First = s.First.UnixMicro()
		}
		c.Last = max(c.Last, s.Last.UnixMicro())
	}
}

// hours returns the logins of the service by hour.
func (inv *investigation) hours() []Hour {
	var out []Hour
	for _, h := range inv.found.Sources.Hours {
		out = append(out, Hour{At: h.At * baseline.Hour, Attempts: h.Attempts, Failures: h.Failures, Entries: h.Entries})
	}
	return out
}

// campaigns adds up what belongs together.
func (c *Case) campaigns(inv *investigation, ids []string) {
	list := make([]Campaign, len(ids))
	for i := range list {
		list[i] = Campaign{ID: ids[i], Vector: inv.vectors[i]}
	}
	members := make([][]*suspect, len(ids))
	for i := range inv.suspects {
		s := &inv.suspects[i]
		l := &list[s.campaign]
		members[s.campaign] = append(members[s.campaign], s)
		if at := s.takeoverAt(); l.First == 0 || at < l.First {
			l.First = at
		}
		for n := range s.visits {
			l.Last = max(l.Last, s.visits[n].Last)
		}
		l.Entered++
		if s.place != nil {
			l.Tried = max(l.Tried, s.place.Accounts)
		}
	}
	index := map[string]int{}
	for i, id := range ids {
		index[id] = i
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		l := &list[index[v.Campaign]]
		if i == 0 || c.Victims[i-1].Account != v.Account { // once, whatever the currencies
			l.Victims++
		}
		if !v.owed() {
			continue
		}
		if l.Currency == 0 {
			l.Currency = v.Currency
		}
		if l.Currency == v.Currency {
			l.NetLoss += v.NetLoss
		}
	}
	for i := range list {
		list[i].Tried = max(list[i].Tried, list[i].Entered)
		list[i].Roles = inv.roles(members[i])
	}
	c.Campaigns = list
}
