// Package forensics is the method: from what was read to who was robbed, how
// sure that is, which charges are the thief's, and what is owed to whom.
//
// Investigate is the whole of it, and reads from top to bottom: visits of
// strangers are found and weighed (takeover, with baseline and source below
// it), the charges of those who are named are told from the owner's (charge) and
// each account is settled (refund), what people decided going before the
// evidence. Stolen money that was sent to other accounts is followed, and those
// that were robbed too are settled again. Accounts that belong together are put
// together (campaign), and what they had in common before is asked of everybody
// (insider). What is reported is then turned back into text.
//
// The package is pure but for two steps, which ask the log for the text of rows:
// the last one, and following money where nothing but text links two rows; and
// rows, and touches of strangers, that the memory does not hold are put into files
// and read back, which changes no result. No
// clock, no randomness, no order of maps: the same log gives the same Case.
package forensics

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/charge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/insider"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/source"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// Options say how to investigate. None but Known changes the result.
type Options struct {
	Workers int // goroutines; at least 1
	// Progress, if not nil, is told how many rows were looked at since the
	// last call, from several goroutines. In all it is told Log.Rows.
	Progress func(rows int64)
	// Known is what people know beside the logs.
	Known Known
}

// Investigate finds the accounts that someone else got into, ties the
// intruders to charges, and works out who is owed what.
func Investigate(ctx context.Context, log *event.Log, p *policy.Policy, opt Options) (*Case, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	known, err := know(&opt.Known)
	if err != nil {
		return nil, err
	}
	found, err := takeover.Search(ctx, log, p, opt.Known.Bad, opt.Workers, opt.Progress)
	if err != nil {
		return nil, err
	}
	known.keep(opt.Known.Balances, found.Visits)
	inv := &investigation{log: log, p: p, found: found, known: known, reader: log.Parts.NewReader()}
	if err := inv.accounts(ctx); err != nil {
		return nil, err
	}
	if err := inv.follow(ctx); err != nil {
		return nil, err
	}
	inv.group()
	if err := inv.pace(ctx, opt.Workers); err != nil {
		return nil, err
	}
	if err := inv.insiders(ctx, opt.Workers); err != nil {
		return nil, err
	}
	if err := inv.texts(ctx); err != nil {
		return nil, err
	}
	c, err := inv.report()
	if err != nil {
		return nil, err
	}
	return c, inv.others(ctx, c, opt.Workers)
}

// An investigation is one call of Investigate.
type investigation struct {
	log    *event.Log
	reader *event.Reader
	p      *policy.Policy
	found  *takeover.Findings
	known  known

	suspects  []suspect
	dismissed []suspect         // by a person's decision
	vectors   []campaign.Vector // by campaign
	flows     []flow            // stolen money that was sent on
	mules     []mule
	unnamed   int64 // flows of which no row says where they went
	paced     Pace
	paceDays  []paceDay
	// unexplained is how many confirmed or probable takeovers show no way in,
	// before a leak is named for them.
	unexplained int64
	emptied     []event.Source // see sources

	asked   insider.Question
	answers *insider.Answers
	namedAt []int // suspects by index of asked.Entered

	rows []event.Pos // whose text is wanted
	text []event.Text
	at   map[event.Pos]int
}

// A suspect is an account with a visit that may be an attacker's.
type suspect struct {
	key      event.Key
	visits   []takeover.Visit // those that may be, by time
	tiers    []takeover.Tier
	best     int // the surest of them
	place    *source.Cell
	vector   campaign.Vector
	campaign int
	tried    bool // entered from a source of the attack
	quick    bool // and at the first or second try

	charges []event.Charge // all of the account
	claims  []charge.Claim
	ledger  refund.Account
	shares  []refund.Share // of the charges that the wallet paid
	entries []event.Pos    // row that stands for each visit

	decided   *decided // by people; nil for nothing
	confirmed bool     // the account, by a person
	dismissed bool
	balances  []keyedBalance
}

// tier returns the account's tier.
func (s *suspect) tier() takeover.Tier { return s.tiers[s.best] }

// takeoverAt returns when the account was first entered by a visit that is as
// sure as any other.
func (s *suspect) takeoverAt() int64 { return s.visits[s.first()].First }

// first returns which visit that was.
func (s *suspect) first() int {
	first := s.best
	for i := range s.visits {
		if s.tiers[i] == s.tier() && s.visits[i].First < s.visits[first].First {
			first = i
		}
	}
	return first
}

// accounts settles every account with a suspicious visit.
func (inv *investigation) accounts(ctx context.Context) error {
	var account baseline.Account
	visits := inv.found.Visits
	if err := inv.log.Parts.Fetch(ctx, suspected(visits, &inv.p.Verdict)); err != nil {
		return err
	}
	for i := 0; i < len(visits); {
		j := i + 1
		for j < len(visits) && visits[j].Account == visits[i].Account {
			j++
		}
		s := suspect{key: visits[i].Account}
		for n := i; n < j; n++ {
			if t := visits[n].Tier(&inv.p.Verdict); t != takeover.NoTier {
				s.visits, s.tiers = append(s.visits, visits[n]), append(s.tiers, t)
			}
		}
		i = j
		if len(s.visits) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := inv.settle(&s, &account); err != nil {
			return err
		}
		if s.dismissed {
			inv.dismissed = append(inv.dismissed, s)
		} else {
			inv.suspects = append(inv.suspects, s)
		}
	}
	return nil
}

// suspected returns the accounts with a suspicious visit.
func suspected(visits []takeover.Visit, p *policy.Verdict) (accounts []event.Key) {
	for i := range visits {
		if v := &visits[i]; v.Tier(p) != takeover.NoTier {
			accounts = append(accounts, v.Account)
		}
	}
	return accounts
}

// settle tells the charges of a suspect apart and draws up its ledger.
func (inv *investigation) settle(s *suspect, a *baseline.Account) error {
	for n := range s.visits {
		if cmp.Or(cmp.Compare(s.tiers[n], s.tiers[s.best]), cmp.Compare(s.visits[n].Total, s.visits[s.best].Total)) > 0 {
			s.best = n
		}
	}
	v := &s.visits[0]
	rows, err := inv.reader.Account(v.Account)
	if err != nil {
		return err
	}
	a.Read(rows.Logins, rows.Charges)
	s.charges = slices.Clone(a.Charges) // the rows are gone with the next account
	s.claims = charge.Attribute(a, s.visits, s.tiers)
	for n := range s.visits {
		s.entries = append(s.entries, rowOf(a, &s.visits[n]))
	}
	s.place = inv.placeOf(a, s)
	inv.countTries(a, s)
	s.vector = campaign.Of(&s.visits[s.best], s.place, inv.tried(), inv.p)
	s.decided, s.balances = inv.known.decided[s.key], inv.known.balancesOf(s.key)
	s.decide()
	return inv.draw(s)
}

// decide lets what people decided go before the evidence on charges. A
// confirmed account is settled as a probable one: its possible charges are the
// thief's. A return goes with what it undoes.
func (s *suspect) decide() {
	if s.decided == nil {
		return
	}
	if a := s.decided.account; a != nil {
		s.confirmed, s.dismissed = a.Confirm, !a.Confirm
	}
	possible := s.paidTier() == takeover.Possible
	for i := range s.claims {
		c := &s.claims[i]
		verdict := c.Verdict
		if s.confirmed && possible && verdict == refund.Possible {
			verdict = refund.Named
		}
		d, ok := s.decided.charges[s.charges[i].Txn]
		switch {
		case s.dismissed:
			verdict = refund.Own
		case !ok || isReturn(s.charges[i].Kind):
			if verdict == c.Verdict {
				continue
			}
		case d.Confirm:
			verdict = refund.Named
		default:
			verdict = refund.Own
		}
		c.ByEvidence, c.Basis, c.Verdict = c.Verdict, charge.Decided, verdict
		if c.Visit < 0 {
			c.Visit = s.best
		}
	}
}

// draw draws up the ledger of a suspect.
func (inv *investigation) draw(s *suspect) error {
	in := refund.Input{Charges: s.charges, Possible: s.possible(),
		Verdicts: make([]refund.Verdict, len(s.claims)), Foreign: make([]bool, len(s.claims))}
	for i, c := range s.claims {
		in.Verdicts[i], in.Foreign[i] = c.Verdict, c.Foreign
	}
	for i := range s.balances {
		in.Balances = append(in.Balances, s.balances[i].KnownBalance)
	}
	var err error
	if s.ledger, err = refund.Settle(in); err != nil {
		return fmt.Errorf("the ledger of one account: %w", err)
	}
	if s.shares = nil; len(s.ledger.Lines) > 0 {
		s.shares, err = refund.Split(in, inv.known.spentFirst)
	}
	return err
}

// possible reports whether the account is only possibly a victim.
func (s *suspect) possible() bool { return s.paidTier() == takeover.Possible && !s.confirmed }

// paidTier returns the tier of the surest visit that charged anything: an
// account may be entered for certain and robbed only possibly. Where no visit
// did, what is the thieves' was decided or came in, and the surest visit counts.
func (s *suspect) paidTier() takeover.Tier {
	tier := takeover.NoTier
	for i := range s.visits {
		if s.visits[i].Paid {
			tier = max(tier, s.tiers[i])
		}
	}
	if tier == takeover.NoTier {
		tier = s.tier()
	}
	return tier
}

// rowOf returns the row that stands for a visit: its entry, or its first row.
func rowOf(a *baseline.Account, v *takeover.Visit) event.Pos {
	if v.Entry >= 0 {
		return a.Logins[v.Entry].Pos
	}
	for i := range a.Charges {
		if by := a.ChargeBy[i]; by != baseline.Nobody && a.Actors[by].Key == v.Actor {
			return a.Charges[i].Pos
		}
	}
	for i := range a.Logins {
		if by := a.LoginBy[i]; by != baseline.Nobody && a.Actors[by].Key == v.Actor {
			return a.Logins[i].Pos
		}
	}
	return 0
}

// placeOf returns the place of the attack that a suspect was entered from, nil
// if none speaks of any of its visits: that some hour was bad for the whole service
// says nothing of who came in it for other reasons.
func (inv *investigation) placeOf(a *baseline.Account, s *suspect) *source.Cell {
	var best *source.Cell
	for n := range s.visits {
		if v := &s.visits[n]; inv.tests(v) {
			if _, c := inv.found.Sources.Weight(source.SpotOf(&a.Logins[v.Entry])); c != nil && (best == nil || c.Weight > best.Weight) {
				best = c
			}
		}
	}
	return best
}

// countTries notes whether an account was entered from a source of the attack, and
// whether that needed a third try.
func (inv *investigation) countTries(a *baseline.Account, s *suspect) {
	for n := range s.visits {
		if !inv.tests(&s.visits[n]) {
			continue
		}
		s.tried = true
		failed := 0
		for i := range s.visits[n].Entry {
			if a.LoginBy[i] == baseline.Nobody && a.Logins[i].Outcome() == event.Failure {
				failed++
			}
		}
		s.quick = failed < 2
		return
	}
}

// group puts the suspects into campaigns.
func (inv *investigation) group() {
	members := make([]campaign.Member, len(inv.suspects))
	for i := range inv.suspects {
		s := &inv.suspects[i]
		m := &members[i]
		m.Account, m.At, m.Vector = s.key, s.takeoverAt(), s.vector
		m.Device = s.visits[s.best].Device
		if s.place != nil && int64(s.place.Weight) >= inv.p.Source.ReportScore.Value {
			m.Place = s.place.Place
		}
		for n, c := range s.claims {
			if c.Verdict != refund.Own && s.charges[n].Store != 0 {
				m.Stores = append(m.Stores, s.charges[n].Store)
			}
		}
		m.Stores = distinct(m.Stores)
	}
	of, vectors := campaign.Group(members, inv.p)
	inv.vectors = vectors
	inv.leak(of)
	for i := range inv.suspects {
		s := &inv.suspects[i]
		s.campaign = of[i]
		if s.vector == campaign.Undetermined {
			s.vector = vectors[of[i]]
		}
	}
}

// tried returns what was tried in the attack.
func (inv *investigation) tried() *campaign.Tried {
	return &campaign.Tried{Single: inv.found.Sources.Single, Spread: inv.found.Sources.Spread,
		Untold: inv.untold(), Unplaced: inv.lacks(event.Auth, event.IP)}
}

// leak names a leak where takeovers that show no way in, all together, are more
// than tries explain.
func (inv *investigation) leak(of []int) {
	if !inv.failed() {
		return // where failures are not logged, that there was none says nothing
	}
	without, all := inv.withoutFailure(of)
	inv.unexplained = without
	if !campaign.Leaked(without, all, inv.tried(), inv.p) {
		return
	}
	for i := range inv.vectors {
		if inv.vectors[i] == campaign.Undetermined {
			inv.vectors[i] = campaign.Leak
		}
	}
}

// withoutFailure counts the accounts that were entered, and those of them that
// show no way in.
func (inv *investigation) withoutFailure(of []int) (without, all int64) {
	for i := range inv.suspects {
		s := &inv.suspects[i]
		if s.tier() < takeover.Probable {
			continue
		}
		all++
		if s.vector == campaign.Undetermined && !s.tried && inv.vectors[of[i]] == campaign.Undetermined {
			without++
		}
	}
	return without, all
}
