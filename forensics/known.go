package forensics

import (
	"cmp"
	"slices"
	"sort"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// Known is what people know beside the logs.
type Known struct {
	Balances  []Balance
	Decisions []ledger.Decision
	// SpentFirst is whose money counts as spent first, where a charge is shown
	// as from the thieves' money or the owner's. It changes no total.
	SpentFirst refund.Order
	// Bad is what others saw in attacks: evidence, and no verdict.
	Bad []event.Indicator
}

// A Balance is what a wallet held when every row before an instant, and none
// since, had been booked.
type Balance struct {
	Account  string
	Currency money.Currency
	Amount   int64
	Until    int64 // microseconds UTC
}

// known is Known by the keys of accounts.
type known struct {
	spentFirst refund.Order
	given      int64          // balances
	balances   []keyedBalance // of accounts with a visit, by account, then instant
	decisions  []ledger.Decision
	decided    map[event.Key]*decided
}

type keyedBalance struct {
	key  event.Key
	text string
	refund.KnownBalance
}

// decided is what people decided of one account.
type decided struct {
	text    string
	account *ledger.Decision // nil for none
	charges map[event.Key]ledger.Decision
	route   Route
}

// A Route says how a case was recognised first.
type Route uint8

// The routes.
const (
	OwnDetection Route = iota // by these logs, or by a person of the service
	ByCustomer
	ByIssuer
)

// String returns the code that files show.
func (r Route) String() string { return [...]string{"own_detection", "customer", "issuer"}[r] }

// know sorts what is known. Opposite decisions of one instant are a
// *ledger.ConflictError.
func know(k *Known) (known, error) {
	out := known{spentFirst: k.SpentFirst, decisions: k.Decisions, decided: map[event.Key]*decided{}}
	holds, err := ledger.Latest(k.Decisions)
	if err != nil {
		return out, err
	}
	for subject, d := range holds {
		of := out.of(subject.Account)
		if subject.Txn == "" {
			of.account = &d
		} else {
			of.charges[event.KeyOfString(subject.Txn)] = d
		}
	}
	out.routes(k.Decisions)
	return out, nil
}

// keep keeps the balances of accounts that somebody visited: a service has many
// more accounts than it can have victims. Visits are in the order of accounts.
func (k *known) keep(all []Balance, visits []takeover.Visit) {
	k.given = int64(len(all))
	for _, b := range all {
		key := event.KeyOfString(b.Account)
		at := sort.Search(len(visits), func(i int) bool { return visits[i].Account >= key })
		if at < len(visits) && visits[at].Account == key {
			k.balances = append(k.balances, keyedBalance{key, b.Account,
				refund.KnownBalance{Currency: b.Currency, Amount: b.Amount, Until: b.Until}})
		}
	}
	slices.SortFunc(k.balances, func(a, b keyedBalance) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.Until, b.Until), cmp.Compare(a.Currency, b.Currency),
			cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.text, b.text))
	})
}

// of returns what was decided of an account, to be filled in.
func (k *known) of(account string) *decided {
	key := event.KeyOfString(account)
	if k.decided[key] == nil {
		k.decided[key] = &decided{text: account, charges: map[event.Key]ledger.Decision{}}
	}
	return k.decided[key]
}

// routes notes who recognised each account first: a customer or an issuer that
// confirmed it or a charge of it, even if somebody else decided later. Of two
// at one instant the customer's counts.
func (k *known) routes(all []ledger.Decision) {
	first := map[event.Key]int64{}
	for i := range all {
		d := &all[i]
		route := OwnDetection
		switch {
		case !d.Confirm:
			continue
		case d.Validation == ledger.Customer:
			route = ByCustomer
		case d.Validation == ledger.Issuer:
			route = ByIssuer
		default:
			continue
		}
		of, key := k.of(d.Account), event.KeyOfString(d.Account)
		if of.route == OwnDetection || d.When < first[key] || d.When == first[key] && route < of.route {
			of.route, first[key] = route, d.When
		}
	}
}

// balancesOf returns what is known of the wallet of an account.
func (k *known) balancesOf(account event.Key) []keyedBalance {
	lo := sort.Search(len(k.balances), func(i int) bool { return k.balances[i].key >= account })
	hi := lo
	for hi < len(k.balances) && k.balances[hi].key == account {
		hi++
	}
	return k.balances[lo:hi]
}

// A DecisionEffect says what became of a decision.
type DecisionEffect uint8

// The effects.
const (
	DecisionApplied     DecisionEffect = iota
	DecisionOverridden                 // another one on the same thing holds
	NoSuchAccount                      // no row of the logs is of the account
	NoSuchCharge                       // the account has no such transaction
	NotInCase                          // nobody is found to have entered the account
	FollowsOriginal                    // a return: it goes with what it undoes
	AccountWasDismissed                // the whole account is out of the case
	numEffects
)

var effectWords = [numEffects]struct{ code, doc string }{
	DecisionApplied:     {"applied", "the case follows it"},
	DecisionOverridden:  {"overridden", "another decision on the same thing holds"},
	NoSuchAccount:       {"no_such_account", "no row of the logs is of the account"},
	NoSuchCharge:        {"no_such_charge", "the account has no such transaction"},
	NotInCase:           {"not_in_case", "by the evidence nobody else entered the account: there is nothing to confirm or dismiss"},
	FollowsOriginal:     {"follows_original", "a reversal, refund or chargeback goes with the charge that it undoes"},
	AccountWasDismissed: {"account_dismissed", "the whole account was dismissed"},
}

// String returns the code that files show.
func (e DecisionEffect) String() string { return effectWords[e].code }

// Doc returns what the effect means, in one line.
func (e DecisionEffect) Doc() string { return effectWords[e].doc }

// DecisionEffects lists all effects, for the schema.
func DecisionEffects() []DecisionEffect {
	list := make([]DecisionEffect, numEffects)
	for i := range list {
		list[i] = DecisionEffect(i)
	}
	return list
}

// A Decision is what a person decided, and what became of it.
type Decision struct {
	ledger.Decision
	Effect DecisionEffect
	Tier   takeover.Tier // of the account's losses, by the evidence; NoTier where it has none
}

// listDecisions says what became of each decision. Two that are the same in
// everything are listed twice; one of them is overridden.
func (inv *investigation) listDecisions() ([]Decision, error) {
	suspects := map[event.Key]*suspect{}
	for _, list := range [][]suspect{inv.suspects, inv.dismissed} {
		for i := range list {
			suspects[list[i].key] = &list[i]
		}
	}
	var out []Decision
	applied := map[ledger.Subject]bool{}
	for _, d := range inv.known.decisions {
		row := Decision{Decision: d}
		key := event.KeyOfString(d.Account)
		if s := suspects[key]; s != nil {
			row.Tier = s.paidTier()
		}
		holds := inv.known.holding(key, d.Txn)
		if *holds != d || applied[d.Subject()] {
			row.Effect = DecisionOverridden
		} else {
			applied[d.Subject()] = true
			var err error
			if row.Effect, err = inv.effectOf(&d, suspects[key]); err != nil {
				return nil, err
			}
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Txn, b.Txn), cmp.Compare(a.When, b.When), cmp.Compare(a.Effect, b.Effect),
			cmp.Compare(yes(a.Confirm), yes(b.Confirm)), cmp.Compare(a.Validation, b.Validation), cmp.Compare(a.Who, b.Who), cmp.Compare(a.Why, b.Why))
	})
	return out, nil
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// holding returns the decision that holds of an account or charge that was
// decided on.
func (k *known) holding(account event.Key, txn string) *ledger.Decision {
	of := k.decided[account]
	if txn == "" {
		return of.account
	}
	d := of.charges[event.KeyOfString(txn)]
	return &d
}

// effectOf says what a decision that holds did.
func (inv *investigation) effectOf(d *ledger.Decision, s *suspect) (DecisionEffect, error) {
	rows, err := inv.reader.Account(event.KeyOfString(d.Account))
	if err != nil {
		return 0, err
	}
	at := -1
	if d.Txn != "" {
		txn := event.KeyOfString(d.Txn)
		at = slices.IndexFunc(rows.Charges, func(c event.Charge) bool { return c.Txn == txn })
	}
	switch {
	case !rows.Any():
		return NoSuchAccount, nil
	case d.Txn != "" && at < 0:
		return NoSuchCharge, nil
	case s == nil:
		return NotInCase, nil
	case d.Txn == "":
		return DecisionApplied, nil
	case s.dismissed:
		return AccountWasDismissed, nil
	case isReturn(rows.Charges[at].Kind):
		return FollowsOriginal, nil
	}
	return DecisionApplied, nil
}

func isReturn(k event.Kind) bool {
	return k == event.Refund || k == event.Reversal || k == event.Chargeback
}
