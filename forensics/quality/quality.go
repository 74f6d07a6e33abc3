// Package quality compares what a case says with what is true, where that is
// known: after a simulation, or when every account has been looked at by a
// person.
//
// Evaluate counts; it judges nothing. Every account, charge and amount of the
// case and of the truth is in some count: an account that the truth does not
// list is honest and has a row of its own, one that the case does not name is
// "not named". Shares carry their counts and, where what is counted is alike
// and independent, Wilson's 95 % interval. Yen are neither, so money has none;
// the share of accounts that are right to the yen stands for it.
//
// Counts are whole numbers and shares exact fractions, so that a threshold
// holds on one machine and on every other. The order of rows does not matter.
package quality

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// Findings are what a case says, as its tables have it.
type Findings struct {
	Takeovers []Takeover
	Victims   []Victim
	Charges   []Charge
	Lines     []Line
}

// A Takeover is an account that the case says was entered.
type Takeover struct {
	Account          string
	Tier             takeover.Tier
	Score            odds.Centibans
	Vector, Campaign string
}

// A Victim is an account that the case says was robbed.
type Victim struct {
	Account string
	Tier    takeover.Tier
}

// A Charge is one that the case says is stolen.
type Charge struct {
	Txn, Account string
	Tier         takeover.Tier
}

// A Line is a line of the case's ledger.
type Line struct {
	Account, Channel string
	Amount           int64
	Currency         money.Currency
	Tier             takeover.Tier
}

// Version is the version of the schema of a Report. It rises when a field
// changes its meaning or goes.
const Version = 1

// A Report says how right a case is.
type Report struct {
	SchemaVersion int `json:"schema_version"`
	// Victims compares the accounts that are called robbed with those that
	// were: a named one is right if an approved or pending charge was stolen
	// there, returned since or not; found are those whose loss stands.
	Victims Measure `json:"victims"`
	// Seen is the recall among victims whose owner the logs show before the
	// thief.
	Seen *Share `json:"victims_owner_seen_before,omitempty"`
	// Takeovers does the same for accounts entered, with or without loss.
	Takeovers   Measure     `json:"takeovers"`
	Charges     *Measure    `json:"charges,omitempty"`
	Money       []Money     `json:"money,omitempty"`
	Channels    []Channel   `json:"channels,omitempty"`
	Tiers       []Tier      `json:"tiers"`
	Roles       []Role      `json:"roles"`
	Vectors     []Vector    `json:"ways_in,omitempty"`
	Confusion   []Confusion `json:"ways_in_said,omitempty"`
	Campaigns   []Campaign  `json:"campaigns,omitempty"`
	Lookalikes  []Lookalike `json:"lookalikes,omitempty"`
	Calibration []Band      `json:"calibration"`
	// Unanswered says what the truth does not tell, and why.
	Unanswered []Unanswered `json:"not_computable"`
	// Differences are the accounts that are not as they should be, those of
	// most money first.
	Differences []Difference `json:"differences"`
}

// A Measure is what is found of what there is, and what is right of what is
// named, for all that is called confirmed or probable and with the possible.
type Measure struct {
	Named    Score `json:"confirmed_and_probable"`
	Possible Score `json:"with_possible"`
}

// A Score is precision and recall.
type Score struct {
	Precision Share `json:"precision"` // right of named
	Recall    Share `json:"recall"`    // found of those there are
	F1        Rate  `json:"f1"`
}

// An Unanswered question is one that the truth has no column for.
type Unanswered struct {
	Question string `json:"question"`
	Because  string `json:"because"`
}

// A Difference is an account about which case and truth differ.
type Difference struct {
	Account  string `json:"account_id"`
	Role     string `json:"role"`
	Tier     string `json:"tier"` // as a victim, or as entered where it is not called one
	Kind     string `json:"difference"`
	Said     int64  `json:"said"`
	True     int64  `json:"true"`
	Currency string `json:"currency"`
}

// The kinds of difference.
const (
	wrongVictim   = "called robbed, and was not"
	wrongTakeover = "called entered, and was not"
	missedVictim  = "robbed, and not named"
	missedEntry   = "entered, and not named"
	wrongAmount   = "another amount"
)

// An account is what both sides say about one account.
type account struct {
	id     string
	truth  *Account // nil where the truth does not list it
	robbed bool     // a charge was stolen there, returned since or not
	victim takeover.Tier
	taken  *Takeover // nil where the case does not name it
	money  []amounts // by currency
}

// An amounts is what is owed to an account in one currency.
type amounts struct {
	currency   money.Currency
	said, true int64
}

func (a *account) role() RoleWord {
	if a.truth == nil {
		return Unlisted
	}
	return a.truth.Role
}

// isVictim reports whether a loss of the account stands.
func (a *account) isVictim() bool { return a.role() == VictimRole }

// isEntered reports whether somebody else got into the account.
func (a *account) isEntered() bool {
	return a.robbed || a.role() == VictimRole || a.role() == EnteredRole
}

// tier returns how sure the case is that the account was entered.
func (a *account) tier() takeover.Tier {
	if a.taken == nil {
		return takeover.NoTier
	}
	return a.taken.Tier
}

// named returns how sure the case is that the account was robbed, or else
// entered.
func (a *account) named() takeover.Tier {
	if a.victim != takeover.NoTier {
		return a.victim
	}
	return a.tier()
}

// An evaluation is one call of Evaluate.
type evaluation struct {
	f        *Findings
	t        *Truth
	accounts []*account // by id
	byID     map[string]*account
	out      Report
}

// Evaluate compares a case with the truth. An error says what contradicts
// itself.
func Evaluate(f *Findings, t *Truth) (*Report, error) {
	e := &evaluation{f: f, t: t, byID: map[string]*account{}}
	e.out.SchemaVersion, e.out.Unanswered, e.out.Differences = Version, []Unanswered{}, []Difference{}
	if err := e.join(); err != nil {
		return nil, err
	}
	e.people()
	e.charges()
	if err := e.money(); err != nil {
		return nil, err
	}
	e.tiers()
	e.roles()
	e.vectors()
	e.lookalikes()
	e.calibrate()
	e.differences()
	return &e.out, nil
}

// account returns the account of an id, a new one if need be.
func (e *evaluation) account(id string) *account {
	a := e.byID[id]
	if a == nil {
		a = &account{id: id}
		e.byID[id] = a
		e.accounts = append(e.accounts, a)
	}
	return a
}

// join brings both sides together, account by account.
func (e *evaluation) join() error {
	for i := range e.t.Accounts {
		t := &e.t.Accounts[i]
		a := e.account(t.ID)
		if a.truth != nil {
			return fmt.Errorf("the truth lists the account in row %d twice", i+1)
		}
		a.truth, a.robbed = t, t.Role == VictimRole
	}
	for i := range e.t.Charges {
		if c := &e.t.Charges[i]; c.Status != "declined" {
			e.account(c.Account).robbed = true
		}
	}
	for i := range e.f.Takeovers {
		t := &e.f.Takeovers[i]
		a := e.account(t.Account)
		if a.taken != nil {
			return fmt.Errorf("the case lists the takeover in row %d twice", i+1)
		}
		a.taken = t
	}
	for i := range e.f.Victims {
		v := &e.f.Victims[i]
		a := e.account(v.Account)
		a.victim = max(a.victim, v.Tier)
		if a.taken == nil {
			return fmt.Errorf("the case lists no takeover of the victim in row %d", i+1)
		}
	}
	if err := e.owed(); err != nil {
		return err
	}
	slices.SortFunc(e.accounts, func(a, b *account) int { return cmp.Compare(a.id, b.id) })
	return nil
}

// people counts accounts.
func (e *evaluation) people() {
	v, t := &e.out.Victims, &e.out.Takeovers
	var seen Share
	for _, a := range e.accounts {
		for _, s := range [...]struct {
			score *Score
			named bool
			right bool
			is    bool
		}{
			{&v.Named, a.victim >= takeover.Probable, a.robbed, a.isVictim()},
			{&v.Possible, a.victim >= takeover.Possible, a.robbed, a.isVictim()},
			{&t.Named, a.tier() >= takeover.Probable, a.isEntered(), a.isEntered()},
			{&t.Possible, a.tier() >= takeover.Possible, a.isEntered(), a.isEntered()},
		} {
			if s.named {
				s.score.Precision.count(s.right)
			}
			if s.is {
				s.score.Recall.count(s.named)
			}
		}
		if a.isVictim() && a.truth.Seen {
			seen.count(a.victim >= takeover.Probable)
		}
	}
	for _, s := range []*Score{&v.Named, &v.Possible, &t.Named, &t.Possible} {
		s.F1 = f1(s.Precision, s.Recall)
	}
	if e.t.HasSeen {
		e.out.Seen = &seen
	} else {
		e.unanswered("who was found of the victims whose owner the logs show before the thief", columnAbsent("owner_seen_before"))
	}
}

// charges counts charges.
func (e *evaluation) charges() {
	if !e.t.HasCharges {
		e.unanswered("which charges are right", "the truth has no file of charges")
		return
	}
	type charge struct{ txn, account string }
	stolen := make(map[charge]takeover.Tier, len(e.t.Charges))
	for i := range e.t.Charges {
		stolen[charge{e.t.Charges[i].Txn, e.t.Charges[i].Account}] = takeover.NoTier
	}
	var m Measure
	for i := range e.f.Charges {
		c := &e.f.Charges[i]
		k := charge{c.Txn, c.Account}
		_, right := stolen[k]
		if c.Tier >= takeover.Probable {
			m.Named.Precision.count(right)
		}
		m.Possible.Precision.count(right)
		if right {
			stolen[k] = max(stolen[k], c.Tier)
		}
	}
	for _, tier := range stolen { // counts have no order
		m.Named.Recall.count(tier >= takeover.Probable)
		m.Possible.Recall.count(tier >= takeover.Possible)
	}
	m.Named.F1, m.Possible.F1 = f1(m.Named.Precision, m.Named.Recall), f1(m.Possible.Precision, m.Possible.Recall)
	e.out.Charges = &m
}

func (e *evaluation) unanswered(question, because string) {
	e.out.Unanswered = append(e.out.Unanswered, Unanswered{question, because})
}

func columnAbsent(name string) string { return "the truth about accounts has no column " + name }

// differences lists what is not as it should be.
func (e *evaluation) differences() {
	for _, a := range e.accounts {
		d := Difference{Account: a.id, Role: a.role().String(), Tier: a.named().String()}
		switch {
		case a.victim >= takeover.Probable && !a.robbed:
			d.Kind = wrongVictim
		case a.isVictim() && a.victim < takeover.Probable:
			d.Kind = missedVictim
		case a.tier() >= takeover.Probable && !a.isEntered():
			d.Kind = wrongTakeover
		case a.isEntered() && a.tier() < takeover.Probable:
			d.Kind = missedEntry
		}
		listed := false
		for _, m := range a.money {
			if m.said == m.true && (d.Kind == "" || m.said == 0) || !e.t.hasLoss() {
				continue
			}
			with := d
			with.Said, with.True, with.Currency = m.said, m.true, m.currency.String()
			with.Kind = cmp.Or(d.Kind, wrongAmount)
			e.out.Differences = append(e.out.Differences, with)
			listed = true
		}
		if d.Kind != "" && !listed {
			e.out.Differences = append(e.out.Differences, d)
		}
	}
	slices.SortStableFunc(e.out.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(abs(b.Said-b.True), abs(a.Said-a.True)), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency))
	})
}
