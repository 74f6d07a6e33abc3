// Package claims lays what customers and issuers say beside what the logs say.
//
// A claim names a charge, by its transaction or by instrument, amount and day,
// or a whole account. Judge gives every claim exactly one outcome, counts every
// charge once however often it is claimed, and says of every victim of a case
// who recognised it: the customer, the issuer, or nobody but the service.
//
// A claim alone makes nobody a victim, and no claim unmakes one. What it changes
// is the validation that stands beside the tier of the logs. The package is
// pure: it reads no log and knows no clock. The same claims give the same result
// in whatever order they come.
package claims

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Claim is a row of a list of complaints, or of an issuer's list.
type Claim struct {
	ID string
	By ledger.Validation // Customer or Issuer

	// What it is about: Txn, or Account, or an instrument (FundingRef or the
	// last four digits of a card) with amount and day.
	Account, Txn, FundingRef, Last4 string

	AmountText string // as written, "" for none
	Amount     int64  // of AmountText, once the currency is known
	Currency   money.Currency
	From, To   int64 // the charge was made in [From, To), microseconds UTC; both 0 where not said
	ReportedAt int64 // microseconds UTC, 0 where not said

	Source string
	Line   int
}

// exact reports whether the claim can name one charge without its transaction.
func (c *Claim) exact() bool {
	return c.Txn == "" && c.AmountText != "" && (c.Account != "" || c.From != 0)
}

// instrument reports whether the claim names an instrument instead of an account.
func (c *Claim) instrument() bool { return c.Txn == "" && c.Account == "" }

// Within reports whether a time is one at which the claim says it happened.
func (c *Claim) Within(at int64) bool { return c.From == 0 || c.From <= at && at < c.To }

// compare orders claims by who spoke first, then by everything they say, where
// they stand last.
func compare(a, b *Claim) int {
	return cmp.Or(cmp.Compare(late(a), late(b)), cmp.Compare(a.ReportedAt, b.ReportedAt), cmp.Compare(a.By, b.By),
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Txn, b.Txn),
		cmp.Compare(a.FundingRef, b.FundingRef), cmp.Compare(a.Last4, b.Last4), cmp.Compare(a.Currency, b.Currency),
		cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To),
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
}

func late(c *Claim) int {
	if c.ReportedAt == 0 {
		return 1
	}
	return 0
}

// Seen says whether something was the account's before a charge.
type Seen uint8

// What the logs say of it.
const (
	Unsaid Seen = iota // the log does not name it
	New                // never seen in the account before
	Own                // the account had it before
)

var seenWords = [...]string{Unsaid: "not_known", New: "new", Own: "own"}

// String returns the word that files show.
func (s Seen) String() string { return seenWords[s] }

// Means are the means by which a charge was made.
type Means struct{ Device, Shop, Network Seen }

// Judge says whether a charge was made by means of the account's own. The device
// decides; where no row names one, shop and network do.
func (m Means) Judge() Seen {
	switch {
	case m.Device != Unsaid:
		return m.Device
	case m.Shop == Own || m.Network == Own:
		return Own
	}
	return max(m.Shop, m.Network)
}

// A Charge is one of the logs that a claim may be about.
type Charge struct {
	Txn, Account, FundingRef string
	Kind                     string
	Loss                     bool // it takes money from the account: no refund and the like
	Time                     int64
	Amount, Returned         int64 // Returned came back by reversals, refunds and chargebacks
	Currency                 money.Currency
	Declined                 bool
	Means                    Means
}

// A Stolen charge is one that the case holds against an intruder.
type Stolen struct {
	Txn, Account string
	Amount       int64
	Currency     money.Currency
	Gone         bool // approved or pending: neither declined nor reversed
	Declined     bool
	Tier         takeover.Tier
}

// A Victim is an account of the case with a loss in one currency.
type Victim struct {
	Account  string
	Tier     takeover.Tier
	NetLoss  int64
	Currency money.Currency
	Decided  bool // only possible, and a person confirmed it
}

// An Activity is what the logs show of an account that is claimed: its charges
// that took money and that the case does not hold against an intruder, by
// whether the means were its own.
type Activity struct{ Own, New, Unsaid int64 }

// Facts are what claims are judged by.
type Facts struct {
	Charges  []Charge            // all of the logs that a claim may name
	Accounts map[string]Activity // all claimed accounts that the logs know
	Entered  map[string]takeover.Tier
	Stolen   []Stolen
	Victims  []Victim
}

// An Outcome is what a claim comes to.
type Outcome uint8

// The outcomes, in the order in which they are shown.
const (
	NoOutcome Outcome = iota
	Confirmed
	Possible
	LookAtIt
	OwnMeans
	NotComputable
	Returned
	Declined
	NoSuchCharge
	NoSuchAccount
	OtherAccount
	NoLoss
	Ambiguous
	Double
	numOutcomes
)

var outcomes = [numOutcomes][2]string{
	Confirmed:     {"confirmed_by_both", "the logs hold it against an intruder too (confirmed or probable)"},
	Possible:      {"claimed_and_possible", "the logs hold it possibly against an intruder: a person decides"},
	LookAtIt:      {"look_at_it", "only claimed: made by a device, or at a shop and from a network, new in the account, or in an account that somebody else got into"},
	OwnMeans:      {"own_means", "only claimed: made by a device, at a shop or from a network of the person's own: probably forgotten, or family"},
	NotComputable: {"not_computable", "only claimed: the logs do not name device, shop or network of the charge"},
	Returned:      {"already_returned", "the charge came back whole"},
	Declined:      {"declined", "the charge was declined: no money left"},
	NoSuchCharge:  {"no_such_charge", "the logs have no such charge"},
	NoSuchAccount: {"no_such_account", "the logs have no such account"},
	OtherAccount:  {"other_account", "the charge is another account's"},
	NoLoss:        {"no_loss", "the transaction took nothing from the account: a refund, a reversal or money that came in"},
	Ambiguous:     {"ambiguous", "several charges fit, and none is chosen; if all are stolen from one account, it counts as claimed"},
	Double:        {"double", "all that it claims is claimed already; counted there"},
}

// String returns the code that files show.
func (o Outcome) String() string { return outcomes[o][0] }

// Doc returns what the outcome means, in one line.
func (o Outcome) Doc() string { return outcomes[o][1] }

// Outcomes lists all outcomes.
func Outcomes() []Outcome {
	var all []Outcome
	for o := Confirmed; o < numOutcomes; o++ {
		all = append(all, o)
	}
	return all
}

// A Sum is what a claim, or many, come to in one currency.
type Sum struct {
	Currency money.Currency
	Charges  int64
	Amount   int64
}

// A Judged is a claim with its outcome.
type Judged struct {
	Claim
	Outcome Outcome
	Charge  *Charge // the one it is about; nil where it is about an account, or none was found
	Tier    takeover.Tier
	Entered takeover.Tier // of the account, by whether somebody else got in
	Means   Seen          // of what is only claimed
	// Counted are the charges that this claim is counted for: every charge is
	// counted for one claim, the first. Empty for a double.
	Counted []Sum
	// First is the index of the claim that a double repeats, else -1.
	First int
	// Differs says that the claim states another amount than the charge has.
	Differs bool

	account string // that it is about, "" for none
}

// About returns the account that a claim is about, "" where that is not known.
func (c *Judged) About() string { return c.account }

// A Recognition says who recognised a victim.
type Recognition struct {
	Victim
	// Validation is the strongest that was claimed: the issuer's, else the
	// customer's. By is who spoke first.
	Validation, By     ledger.Validation
	Customers, Issuers int64 // claims that the logs bear out, or possibly
	ReportedAt         int64 // the first time of any, 0 where none says
	IssuerAt           int64 // the first time of an issuer's, 0 where none says
	ID                 string
}

// Route returns the word for who recognised the victim.
func (r *Recognition) Route() string {
	if r.By == ledger.NotValidated {
		return "own_detection"
	}
	return r.By.String()
}

// A Result is all of it.
type Result struct {
	Claims  []Judged      // by who spoke first
	Victims []Recognition // by account and currency, also those that nobody claimed
}

// Judge judges all claims.
func Judge(list []Claim, f *Facts) (*Result, error) {
	j := judge{f: f, byTxn: map[string]int{}, byAmount: map[place][]int{},
		stolen: map[[2]string]*Stolen{}, of: map[string][]*Stolen{}, taken: map[[2]string]int{}, spoke: map[string]int{}}
	j.index()
	j.r.Claims = make([]Judged, len(list))
	for i := range list {
		j.r.Claims[i] = Judged{Claim: list[i], First: -1}
	}
	slices.SortFunc(j.r.Claims, func(a, b Judged) int { return compare(&a.Claim, &b.Claim) })
	for i := range j.r.Claims {
		j.resolve(&j.r.Claims[i])
	}
	// Charges first: an account's claim is for what nobody named.
	for i := range j.r.Claims {
		if c := &j.r.Claims[i]; c.Charge != nil && c.Outcome == NoOutcome {
			j.charge(i, c)
		}
	}
	for i := range j.r.Claims {
		if c := &j.r.Claims[i]; c.Outcome == NoOutcome {
			if err := j.account(i, c); err != nil {
				return nil, err
			}
		}
	}
	j.recognise()
	return &j.r, nil
}

// A place is what a claim without a transaction names.
type place struct {
	what     byte // 'a'ccount, 'f'unding_ref or 'l'ast four digits
	name     string
	amount   int64
	currency money.Currency
}

// A judge is one call of Judge.
type judge struct {
	f        *Facts
	r        Result
	byTxn    map[string]int
	byAmount map[place][]int
	stolen   map[[2]string]*Stolen // by account and transaction
	of       map[string][]*Stolen  // by account
	taken    map[[2]string]int     // charges that are claimed, and the claim
	spoke    map[string]int        // accounts that are claimed as a whole, and the first claim
}

func (j *judge) index() {
	for i := range j.f.Charges {
		c := &j.f.Charges[i]
		j.byTxn[c.Txn] = i
		if !c.Loss {
			continue
		}
		for _, p := range []place{{'a', c.Account, c.Amount, c.Currency}, {'f', c.FundingRef, c.Amount, c.Currency}, {'l', last4(c.FundingRef), c.Amount, c.Currency}} {
			if p.name != "" {
				j.byAmount[p] = append(j.byAmount[p], i)
			}
		}
	}
	for i := range j.f.Stolen {
		s := &j.f.Stolen[i]
		j.stolen[[2]string{s.Account, s.Txn}] = s
		j.of[s.Account] = append(j.of[s.Account], s)
	}
}

// last4 returns the last four digits of the token of a card, "" for other
// tokens.
func last4(ref string) string {
	if len(ref) < 4 {
		return ""
	}
	tail := ref[len(ref)-4:]
	if !digits(tail) {
		return ""
	}
	return tail
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// resolve finds what a claim is about.
func (j *judge) resolve(c *Judged) {
	c.account = c.Account
	if c.Txn != "" {
		i, ok := j.byTxn[c.Txn]
		switch {
		case !ok:
			c.Outcome = NoSuchCharge
		case c.Account != "" && c.Account != j.f.Charges[i].Account:
			c.Outcome = OtherAccount
		case !j.f.Charges[i].Loss:
			c.Outcome = NoLoss
		default:
			j.is(c, i)
		}
		return
	}
	if c.exact() {
		switch fit := j.fitting(c); {
		case len(fit) == 1:
			j.is(c, fit[0])
			return
		case len(fit) > 1:
			j.several(c, fit)
			return
		case c.instrument(), c.From != 0 && j.known(c.Account):
			c.Outcome = NoSuchCharge
			return
		}
		// An amount without a day may be a total: then the account is meant.
	}
	if !j.known(c.Account) {
		c.Outcome = NoSuchAccount
	}
}

func (j *judge) known(account string) bool {
	_, ok := j.f.Accounts[account]
	return ok
}

// is notes the charge that a claim is about.
func (j *judge) is(c *Judged, i int) {
	c.Charge = &j.f.Charges[i]
	c.account = c.Charge.Account
	c.Differs = c.AmountText != "" && (c.Amount != c.Charge.Amount || c.Currency != c.Charge.Currency)
}

// several notes a claim that fits several charges: none is chosen, but if all of
// them are stolen from one account, that account is claimed.
func (j *judge) several(c *Judged, fit []int) {
	c.Outcome, c.account = Ambiguous, j.f.Charges[fit[0]].Account
	for n, i := range fit {
		ch := &j.f.Charges[i]
		s := j.stolen[[2]string{ch.Account, ch.Txn}]
		switch {
		case ch.Account != c.account:
			c.account, c.Tier = "", takeover.NoTier
			return
		case s == nil || n > 0 && c.Tier == takeover.NoTier:
			c.Tier = takeover.NoTier
		case n == 0 || s.Tier < c.Tier:
			c.Tier = s.Tier
		}
	}
	c.Entered = j.f.Entered[c.account]
}

// fitting returns the charges that fit a claim without a transaction.
func (j *judge) fitting(c *Judged) (fit []int) {
	p := place{'a', c.Account, c.Amount, c.Currency}
	switch {
	case c.Account != "":
	case c.FundingRef != "":
		p.what, p.name = 'f', c.FundingRef
	default:
		p.what, p.name = 'l', c.Last4
	}
	for _, i := range j.byAmount[p] {
		ch := &j.f.Charges[i]
		if c.Within(ch.Time) && (c.FundingRef == "" || c.FundingRef == ch.FundingRef) && (c.Last4 == "" || c.Last4 == last4(ch.FundingRef)) {
			fit = append(fit, i)
		}
	}
	return fit
}

// charge judges a claim of one charge.
func (j *judge) charge(i int, c *Judged) {
	ch := c.Charge
	key := [2]string{ch.Account, ch.Txn}
	c.Entered = j.f.Entered[ch.Account]
	s := j.stolen[key]
	if s != nil {
		c.Tier = s.Tier
	}
	if first, again := j.taken[key]; again {
		c.Outcome, c.First = Double, first
		return
	}
	j.taken[key] = i
	c.Counted = []Sum{{ch.Currency, 1, ch.Amount}}
	switch {
	case ch.Declined || s != nil && s.Declined:
		c.Outcome = Declined
	case s != nil && !s.Gone || ch.Returned >= ch.Amount && ch.Amount > 0:
		c.Outcome = Returned
	case s != nil && s.Tier >= takeover.Probable:
		c.Outcome = Confirmed
	case s != nil:
		c.Outcome = Possible
	default:
		c.Means = ch.Means.Judge()
		c.Outcome = meant(c.Means)
	}
}

// meant returns the outcome of what is only claimed.
func meant(s Seen) Outcome {
	switch s {
	case Own:
		return OwnMeans
	case New:
		return LookAtIt
	}
	return NotComputable
}

// account judges a claim of a whole account: it is for all stolen charges of it
// that no other claim is counted for.
func (j *judge) account(i int, c *Judged) error {
	c.Entered = j.f.Entered[c.account]
	left := map[money.Currency]*money.Sum{}
	count := map[money.Currency]int64{}
	sure := false
	first, spoken := j.spoke[c.account]
	if !spoken {
		j.spoke[c.account], first = i, len(j.r.Claims)
	}
	for _, s := range j.of[c.account] {
		if !s.Gone {
			continue
		}
		c.Tier = max(c.Tier, s.Tier)
		key := [2]string{s.Account, s.Txn}
		if by, again := j.taken[key]; again {
			first, spoken = min(first, by), true
			continue
		}
		j.taken[key] = i
		if left[s.Currency] == nil {
			left[s.Currency] = &money.Sum{}
		}
		left[s.Currency].Add(s.Amount)
		count[s.Currency]++
		sure = sure || s.Tier >= takeover.Probable
	}
	for cur, sum := range left {
		total, err := sum.Total()
		if err != nil {
			return err
		}
		c.Counted = append(c.Counted, Sum{cur, count[cur], total})
	}
	slices.SortFunc(c.Counted, func(a, b Sum) int { return cmp.Compare(a.Currency, b.Currency) })
	seen := j.f.Accounts[c.account]
	switch {
	case sure:
		c.Outcome = Confirmed
	case len(left) > 0:
		c.Outcome = Possible
	case spoken:
		c.Outcome, c.First = Double, first
	case seen.New > 0 || c.Entered != takeover.NoTier:
		c.Outcome, c.Means = LookAtIt, New
	case len(j.of[c.account]) > 0: // stolen, and all of it declined or back
		c.Outcome = j.undone(c.account)
	case seen.Own > 0:
		c.Outcome, c.Means = OwnMeans, Own
	case seen.Unsaid > 0:
		c.Outcome = NotComputable
	default:
		c.Outcome = NoSuchCharge
	}
	return nil
}

// undone says what became of an account's stolen charges, none of which stands.
func (j *judge) undone(account string) Outcome {
	if slices.ContainsFunc(j.of[account], func(s *Stolen) bool { return !s.Declined }) {
		return Returned
	}
	return Declined
}

// recognise says of every victim who claimed it.
func (j *judge) recognise() {
	said := map[string]*Recognition{}
	for i := range j.r.Claims {
		c := &j.r.Claims[i]
		if j.borne(c) {
			r := said[c.account]
			if r == nil {
				r = &Recognition{By: c.By, ReportedAt: c.ReportedAt, ID: c.ID}
				said[c.account] = r
			}
			r.Validation = max(r.Validation, c.By)
			if c.By == ledger.Issuer {
				if r.Issuers == 0 {
					r.IssuerAt = c.ReportedAt
				}
				r.Issuers++
			} else {
				r.Customers++
			}
		}
	}
	for i := range j.f.Victims {
		v := &j.f.Victims[i]
		r := Recognition{}
		if known := said[v.Account]; known != nil {
			r = *known
		}
		r.Victim = *v
		j.r.Victims = append(j.r.Victims, r)
	}
	slices.SortFunc(j.r.Victims, func(a, b Recognition) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Currency, b.Currency))
	})
}

// borne reports whether the logs bear a claim out, surely or possibly: also one
// that repeats another, and one of a stolen charge that came back since.
func (j *judge) borne(c *Judged) bool {
	switch c.Outcome {
	case Confirmed, Possible:
		return true
	case Double, Ambiguous, Returned: // an issuer names what it stopped or charged back
		return c.Tier != takeover.NoTier
	}
	return false
}
