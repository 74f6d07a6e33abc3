package forensics

import (
	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/coverage"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Case is what an investigation found. Every list is in its final order, and
// every text is as the log has it.
type Case struct {
	Policy  *policy.Policy
	Sources []event.Source // what was read
	Rejects []event.Reject

	Victims   []Victim
	Takeovers []Takeover
	Charges   []Charge
	Refunds   []Refund
	Places    []Place // sources of the attack
	Campaigns []Campaign
	Stores    []Store
	Visits    []StoreVisit
	Timeline  []Hour
	Mules     []Mule
	Decisions []Decision
	KnownBad  takeover.ListedCount // what others listed

	// SpentFirst is the order behind Charge.FromFraud, and Unnamed how many
	// transfers of stolen money went nobody knows where.
	SpentFirst refund.Order
	Unnamed    int64
	// Balances counts what was known of wallets, and of this how much was of an
	// account and currency with a ledger.
	Balances, BalancesUsed int64

	// Figures are the numbers that speak for and against the ways in.
	Figures []campaign.Figure
	// UntoldIDs says that the log does not tell ids that do not exist from wrong
	// passwords, Unplaced that logins have no addresses.
	UntoldIDs, Unplaced bool
	// Roles are those of all campaigns together.
	Roles Roles
	Pace  Pace
	// Insiders is what entered accounts share.
	Insiders Insiders

	Totals []Total // by currency
	// Accounts is how many accounts the logs know, Newcomers how many visits
	// were weighed.
	Accounts, Newcomers int64
	// PriorPPB is the probability, in parts per billion, that a newcomer is an
	// attacker, before any evidence on it. WrongMilli is how many of the
	// accounts called probable or better are expected to be honest, in
	// thousandths.
	PriorPPB, WrongMilli int64
	// FailureRate and EntryRate are strangers' failures and entries for a
	// thousand logins of known devices in the median hour.
	FailureRate, EntryRate int64
	First, Last            int64 // of all accepted rows, microseconds UTC; both 0 without rows
	// Unanswered says which questions the logs cannot answer, and why.
	Unanswered []Unanswered

	// Skew says how far the clocks of the logs are apart, and Corrected what was
	// taken away from all payment times for it, in microseconds. They are for
	// whoever reads the log to set; Investigate does not.
	Skew      coverage.Skew
	Corrected int64

	// Files are what was read beside the logs, Unread the rows of them that
	// were not understood. They too are for whoever reads them to set.
	Files  []File
	Unread []UnreadRow
}

// A File is a file of what people know.
type File struct {
	Name                     string
	Role                     string // balances, decisions, exclude or known-bad
	Bytes                    int64
	SHA256                   [32]byte
	Read, Accepted, Rejected int64
	Passed                   int64 // of those accepted, what is of no use here
}

// The roles of files beside the logs.
const (
	BalancesRole  = "balances"
	DecisionsRole = "decisions"
	KnownBadRole  = "known-bad"
	ExcludeRole   = "exclude"
)

// An UnreadRow is a row of such a file that was not understood.
type UnreadRow struct {
	Source         string
	Line           int64
	Column, Reason string
	Raw            string
}

// An Unanswered question is one for which a column is absent.
type Unanswered struct{ Question, Because string }

// A Victim is an account that lost money to an attacker, in one currency.
type Victim struct {
	Account               string
	Tier                  takeover.Tier
	Score                 odds.Centibans
	Vector                campaign.Vector
	Campaign              string
	TakeoverAt            int64
	FirstFraud, LastFraud int64
	Charges               int64 // fraudulent and not declined
	TopUp, Spend, NetLoss int64
	Currency              money.Currency
	Reasons               []string

	// Validation says who holds it beside the logs, Route who recognised it
	// first. A victim that is Decided is payable whatever its tier.
	Validation ledger.Validation
	Route      Route
	Decided    bool
}

// owed reports whether what a victim lost is in the totals of what is owed.
func (v *Victim) owed() bool { return v.Tier >= takeover.Probable || v.Decided }

// A Takeover is an account that someone else got into.
type Takeover struct {
	Account    string
	Tier       takeover.Tier
	Score      odds.Centibans
	Vector     campaign.Vector
	Campaign   string
	TakeoverAt int64
	SourceIP   string
	Device     string
	Lost       bool
	Reasons    []string
	Weights    Weights
	Decided    bool // a person confirmed it
	Source     string
	Line       int64 // in Source, of the row at TakeoverAt: perhaps of another visit than the surest
}

// Weights are the groups of evidence that a score is the sum of.
type Weights struct{ Prior, Entry, Visit, Conduct, Device, Company odds.Centibans }

// A Charge is a fraudulent charge.
type Charge struct {
	Txn, Account  string
	Time          int64
	Kind          event.Kind
	Amount        int64
	Currency      money.Currency
	Status        string // approved, declined, pending, reversed
	Store, Device string
	IP            string
	Tier          takeover.Tier
	Score         odds.Centibans
	Reasons       []string
	Source        string
	Line          int64
	Terminal      string // register, where the log names it

	// FromFraud and FromOwn say what a charge that the wallet paid (FromWallet)
	// was made of: the thieves' money and the owner's. Decided marks one that a person confirmed, SentOn money that was
	// stolen from another account.
	FromFraud, FromOwn          int64
	FromWallet, Decided, SentOn bool
}

// A Mule is an account that stolen money was transferred to, in one currency.
type Mule struct {
	Account  string
	Received int64
	// Moved is how much of it left again, as far as Traced: not in an account
	// that was robbed itself, or of which the logs have no row that fits.
	Moved       int64
	Traced      bool
	Currency    money.Currency
	From        int64 // accounts that it came from
	First, Last int64
	Victim      bool // was robbed itself: what came in counts in its ledger
	Seen        bool // the logs have rows of it
	// Transfers is how many there were. Lost is how many of them, and
	// Unmatched how much, were not found where they came in: what may have
	// come in by them is left as the account's own.
	Transfers, Lost, Unmatched int64
}

// A Refund is a line of the ledger.
type Refund struct {
	ID, Account             string
	Txns                    []string
	Component               refund.Component
	Channel                 refund.Channel
	Gross, Returned, Amount int64
	Currency                money.Currency
	Tier                    takeover.Tier
	Status                  refund.Status
	Reasons                 refund.Reasons
	Payer                   string
	FundingRef              string
	Decided                 bool // a person confirmed the account
}

// named reports whether the account is one that is named, by the evidence or by
// a person.
func (r *Refund) named() bool { return r.Tier >= takeover.Probable || r.Decided }

// A Place is an address, network, user agent, operator or device that the
// attack used.
type Place struct {
	Kind, Value, Role                               string
	Tried, Entered, Attempts, Failures, UnknownAccs int64
	First, Last                                     int64
	Score                                           odds.Centibans
	// Others is how many accounts there are whose own users were there too, if
	// Counted: what the log names oddly is not looked for.
	Others  int64
	Counted bool
}

// A Campaign is what attackers did that belongs together.
type Campaign struct {
	ID                      string
	Vector                  campaign.Vector
	First, Last             int64
	Tried, Entered, Victims int64
	NetLoss                 int64
	Currency                money.Currency // of NetLoss
	Roles                   Roles
}

// A Store is a shop where stolen money was spent.
type Store struct {
	Store            string
	Charges, Victims int64
	Amount           int64
	First, Last      int64
	Currency         money.Currency
}

// A StoreVisit is a stretch of time at a shop for which to look at the cameras.
type StoreVisit struct {
	Store             string
	From, To          int64
	Charges, Accounts int64
	Amount            int64
	Currency          money.Currency
	Terminals         []string // that were used
}

// An Hour is an hour of the incident.
type Hour struct {
	At                                   int64
	Attempts, Failures, Entries          int64
	TopUps, TopUpAmount                  int64
	Spends, SpendAmount, CumulativeSpend int64
	Currency                             money.Currency
}

// A Total adds up one currency.
type Total struct {
	Currency                       money.Currency
	ByTier                         [4]TierTotal // by takeover.Tier
	Charges                        int64
	TopUp, Spend                   int64 // of probable and confirmed victims
	Owed                           int64 // lines that may be paid
	Held, NeedsDecision, Exception int64
	NetLoss                        int64 // of probable, confirmed and decided victims
	// ByDecision adds up the possible victims that a person confirmed; they are
	// not in ByTier.
	ByDecision TierTotal
	// NotYet is what the lines of NotYetAccounts come to: accounts that are no
	// victims in this currency, because none of the charges is approved so far.
	// OpenNamed is the part of NeedsDecision that is of named accounts,
	// OddPossible the part of Exception that is of possible victims. So NetLoss
	// and NotYet are Owed, Held, Exception and OpenNamed less OddPossible.
	NotYet, NotYetAccounts                int64
	OpenNamed, OddPossible                int64
	ByChannel                             []ChannelTotal
	topUps, spends, owed, held, open, odd money.Sum
	losses, notYet                        money.Sum
	openNamed, oddPossible                money.Sum
}

// A TierTotal adds up the victims of one tier.
type TierTotal struct {
	Victims, NetLoss int64
	sum              money.Sum
}

// A ChannelTotal adds up the lines of one channel, those that need a decision
// and those of possible victims left out.
type ChannelTotal struct {
	Channel refund.Channel
	Lines   int64
	Amount  int64
	sum     money.Sum
}
