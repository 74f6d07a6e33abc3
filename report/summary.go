package report

import (
	"encoding/json"
	"time"

	"github.com/paytriage/paytriage/forensics/takeover"
)

// SummaryVersion is the version of the schema of summary.json. It rises when a
// field changes its meaning or goes; new fields do not raise it.
const SummaryVersion = 1

// A Summary is every figure that the terminal and the page show. Amounts are
// in minor units, times RFC 3339 in UTC.
type Summary struct {
	SchemaVersion int        `json:"schema_version"`
	PolicyHash    string     `json:"policy_hash"`
	Range         Span       `json:"range"`
	Accounts      int64      `json:"accounts"`
	Newcomers     int64      `json:"newcomers"`
	Victims       TierCounts `json:"victims"`
	Takeovers     TierCounts `json:"takeovers"`
	Charges       TierCounts `json:"charges"`
	// EnteredOnly counts the confirmed and probable takeovers without loss: the
	// intruder can come back. It is null without both logs.
	EnteredOnly   *int64          `json:"entered_without_loss"`
	Incident      *Span           `json:"incident"`
	FirstTakeover *string         `json:"first_takeover_at"` // of the confirmed and probable
	LastFraud     *string         `json:"last_fraud_at"`     // of the confirmed and probable charges
	Ongoing       bool            `json:"ongoing"`
	Recent        RecentSummary   `json:"recent"`
	Money         []MoneySummary  `json:"money"`
	Vectors       []VectorCount   `json:"vectors"`
	WaysIn        []WayIn         `json:"ways_in"`
	Roles         RolesSummary    `json:"roles"`
	AmountAndPace *PaceSummary    `json:"amount_and_pace"`
	Insider       *InsiderSummary `json:"insider"` // null where no account is named
	Campaigns     int             `json:"campaigns"`
	Stores        int             `json:"stores"`
	Method        MethodSummary   `json:"method"`
	// SpentFirst is whose money in a wallet counts as spent first, in the split
	// of charges. No figure here changes with it.
	SpentFirst string           `json:"spent_first"`
	SentOn     *SentOnSummary   `json:"sent_on"`             // null if no stolen money was
	Balances   *BalanceSummary  `json:"balances"`            // null if none were given
	Decisions  *DecisionSummary `json:"decisions"`           // null if none were given
	KnownBad   *KnownBadSummary `json:"known_bad,omitempty"` // only if a list was given
	Rows       RowCounts        `json:"rows"`
	Sources    []SourceCounts   `json:"sources"`
	ClockSkew  *ClockSkew       `json:"clock_skew"`
	Unanswered []Unanswered     `json:"not_computable"`
	Tables     map[string]int   `json:"tables"`

	untold   bool // the logs do not say which ids do not exist
	unplaced bool // nor from where anybody logged in
	faceless bool // nor who made a charge
}

// A Span is a range of times, both ends included.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// TierCounts counts findings by how sure they are.
type TierCounts struct {
	Confirmed int64 `json:"confirmed"`
	Probable  int64 `json:"probable"`
	Possible  int64 `json:"possible"`
	unknown   bool
}

// MarshalJSON writes null for counts that the logs cannot give.
func (t TierCounts) MarshalJSON() ([]byte, error) {
	type plain TierCounts
	if t.unknown {
		return []byte("null"), nil
	}
	return json.Marshal(plain(t))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *TierCounts) UnmarshalJSON(b []byte) error {
	type plain TierCounts
	if string(b) == "null" {
		*t = TierCounts{unknown: true}
		return nil
	}
	return json.Unmarshal(b, (*plain)(t))
}

func (t *TierCounts) add(tier takeover.Tier) {
	switch tier {
	case takeover.Confirmed:
		t.Confirmed++
	case takeover.Probable:
		t.Probable++
	case takeover.Possible:
		t.Possible++
	}
}

// A RecentSummary counts the confirmed and probable signs of the attack in the
// last hours of the logs: charges by the end of the payment logs, takeovers by
// the end of the auth logs.
type RecentSummary struct {
	Hours     int64 `json:"hours"`
	Charges   int64 `json:"charges"`
	Accounts  int64 `json:"accounts"`  // charged or entered
	Confirmed int64 `json:"confirmed"` // of these accounts
}

// A MoneySummary is the money in one currency.
type MoneySummary struct {
	Currency         string `json:"currency"`
	NetLoss          int64  `json:"net_loss"`
	NetLossConfirmed int64  `json:"net_loss_confirmed"`
	NetLossProbable  int64  `json:"net_loss_probable"`
	NetLossPossible  int64  `json:"net_loss_possible"`
	TopUp            int64  `json:"topup_amount"`
	Spend            int64  `json:"spend_amount"`
	FraudCharges     int64  `json:"fraud_charges"`
	Owed             int64  `json:"owed"`
	Held             int64  `json:"held"`
	Exception        int64  `json:"exception"`
	NeedsDecision    int64  `json:"needs_decision"`
	// NetLossDecided is of possible victims that a person confirmed.
	NetLossDecided int64            `json:"net_loss_by_decision"`
	Channels       []ChannelSummary `json:"channels"`
	// NotYet is what the lines say of accounts that are no victims, because none
	// of their charges is approved so far: it is no part of the net loss.
	NotYet         int64 `json:"no_victims_yet_amount"`
	NotYetAccounts int64 `json:"no_victims_yet_accounts"`
	// OpenNamed is the part of NeedsDecision that is of named accounts,
	// OddPossible the part of Exception that is of possible victims. The net loss
	// and NotYet are what is owed, held, an exception and OpenNamed, less
	// OddPossible.
	OpenNamed   int64 `json:"needs_decision_named"`
	OddPossible int64 `json:"exception_possible"`
}

// A SentOnSummary counts transfers of stolen money to other accounts.
type SentOnSummary struct {
	Transfers int64 `json:"transfers"`
	Unmatched int64 `json:"unmatched"` // not found where they came in
	Unnamed   int64 `json:"unnamed"`   // of which no row says where they went
	Accounts  int64 `json:"accounts"`
	Victims   int64 `json:"victims"` // of these accounts robbed themselves
}

// A BalanceSummary is the account of rows of the file of balances.
type BalanceSummary struct {
	Read       int64 `json:"read"`
	Used       int64 `json:"used"` // of an account and currency with a ledger
	Unreadable int64 `json:"unreadable"`
}

// A KnownBadSummary counts what others listed by what the logs show of it.
type KnownBadSummary struct {
	Read       int64 `json:"read"`
	Unreadable int64 `json:"unreadable"`
	Passed     int64 `json:"passed_over"` // nothing that a row could show, or not by itself
	Given      int64 `json:"indicators"`  // different ones
	Matched    int64 `json:"matched"`     // of them, by any row
	Unmatched  int64 `json:"unmatched"`   // by none
	Shared     int64 `json:"shared"`      // of the matched, used by so many honest accounts that they weigh nothing
	Takeovers  int64 `json:"takeovers"`   // accounts of the case that they speak against
}

// A DecisionSummary counts decisions of people by what became of them.
type DecisionSummary struct {
	Read       int64 `json:"read"`
	Applied    int64 `json:"applied"`
	Overridden int64 `json:"overridden"`
	Unmatched  int64 `json:"unmatched"` // match nothing in the case
	// Of those that were applied:
	ConfirmedAccounts int64 `json:"confirmed_accounts"`
	DismissedAccounts int64 `json:"dismissed_accounts"`
	ConfirmedCharges  int64 `json:"confirmed_charges"`
	DismissedCharges  int64 `json:"dismissed_charges"`
	// VictimsConfirmed and PossibleConfirmed count the victims and takeovers that
	// were only possible before.
	VictimsConfirmed  int64 `json:"possible_victims_confirmed"`
	PossibleConfirmed int64 `json:"possible_takeovers_confirmed"`
}

// A ChannelSummary adds up the ledger lines of one channel, those that need a
// decision and those of possible victims left out.
type ChannelSummary struct {
	Channel string `json:"channel"`
	Lines   int64  `json:"lines"`
	Amount  int64  `json:"amount"`
}

// A VectorCount says how many accounts show a way in.
type VectorCount struct {
	Vector    string `json:"vector"`
	Meaning   string `json:"meaning"`
	Takeovers int64  `json:"takeovers"`
	Victims   int64  `json:"victims"`
	// Evidence are the figures of the logs that speak for and against it.
	Evidence []Evidence `json:"evidence"`
	// Because says of "undetermined" why nothing more can be said.
	Because string `json:"because,omitempty"`
}

// A WayIn is what the figures of the logs say of one way in, whether or not any
// account shows it. Those for which most speaks come first.
type WayIn struct {
	Vector   string     `json:"vector"`
	Meaning  string     `json:"meaning"`
	For      int        `json:"for"`
	Against  int        `json:"against"`
	Evidence []Evidence `json:"evidence"`
}

// Evidence is one figure: Count of Of, compared with a threshold.
type Evidence struct {
	Figure    string `json:"figure"`
	Meaning   string `json:"meaning"`
	Count     int64  `json:"count"`
	Of        int64  `json:"of"`
	Value     int64  `json:"value_per_thousand"`
	Threshold int64  `json:"threshold_per_thousand"`
	// Asked is "at least" or "below": on which side of the threshold the figure
	// speaks for the way in.
	Asked string `json:"asked"`
	// Speaks is "for" or "against".
	Speaks string `json:"speaks"`
	From   string `json:"threshold_from"`
}

// A RolesSummary tells those who tried credentials from those who spent, of the
// confirmed and probable accounts. What the logs cannot tell is null.
type RolesSummary struct {
	Testers           *int64   `json:"testers"`
	Executors         *int64   `json:"executors"`
	ExecutorsBy       string   `json:"executors_by,omitempty"` // what they are counted by: device or address
	TesterCountries   []string `json:"tester_countries"`
	ExecutorCountries []string `json:"executor_countries"`
	TesterOperators   []string `json:"tester_operators"`
	ExecutorOperators []string `json:"executor_operators"`
	LagAccounts       *int64   `json:"lag_accounts"`
	LagMedian         *int64   `json:"lag_median_s"`
	LagLeast          *int64   `json:"lag_min_s"`
	LagMost           *int64   `json:"lag_max_s"`
}

// A PaceSummary counts what fits the rule of amount and pace, the naive estimate:
// days of accounts, accounts, and those of them that are confirmed or probable
// victims. The days are listed only where there is no auth log.
type PaceSummary struct {
	Days     int64 `json:"days"`
	Accounts int64 `json:"accounts"`
	Named    int64 `json:"named"`
	Listed   bool  `json:"listed"`
}

// A MethodSummary says what the figures rest on.
type MethodSummary struct {
	PriorPPB       int64  `json:"prior_ppb"`
	ExpectedWrong  int64  `json:"expected_wrong_thousandths"`
	FailuresNormal *int64 `json:"stranger_failures_per_thousand_known_logins"` // null without an auth log
	EntriesNormal  *int64 `json:"stranger_entries_per_thousand_known_logins"`
}

// RowCounts is the account of rows: Read = Accepted + Rejected + Duplicates.
type RowCounts struct {
	Read       int64 `json:"read"`
	Accepted   int64 `json:"accepted"`
	Rejected   int64 `json:"rejected"`
	Duplicates int64 `json:"duplicates"`
	Repeats    int64 `json:"repeats"`
}

// SourceCounts is the account of rows of one file. Its size and hash are in the
// manifest: they change when lines change places, and nothing here does.
type SourceCounts struct {
	Name string `json:"name"`
	Role string `json:"role"`
	RowCounts
	Range *Span `json:"range"`
	// Format says what the source was taken for, if not a neutral CSV in UTF-8.
	Format string `json:"format,omitempty"`
	// Passed counts accepted rows that are no event of an account, by what they
	// are.
	Passed map[string]int64 `json:"passed_over,omitempty"`
	// LeftOut counts accepted rows that were asked to be left out, by why.
	LeftOut map[string]int64 `json:"left_out,omitempty"`
	// Broken counts bytes that mean nothing in the encoding; they were kept.
	Broken int64 `json:"broken_bytes,omitempty"`
	// Notes say what was assumed in reading the source.
	Notes      []string         `json:"notes,omitempty"`
	Extra      []string         `json:"ignored_columns,omitempty"`
	Absent     []string         `json:"absent_columns,omitempty"`
	Unreadable map[string]int64 `json:"unreadable_fields,omitempty"`
	Trouble    string           `json:"trouble,omitempty"`
}

// Unanswered is a question that the logs cannot answer.
type Unanswered struct {
	Question string `json:"question"`
	Because  string `json:"because"`
}

// recent is how shortly before the end of its log a sign of the attack must be
// for the attack to count as going on.
const recent = 6 * time.Hour
