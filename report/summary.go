package report

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/table"
)

// SummaryVersion is the version of the schema of summary.json. It rises when a
// field changes its meaning or goes; new fields do not raise it.
const SummaryVersion = 1

// A Summary is every figure that the terminal and the page show. Amounts are
// in minor units, times RFC 3339 in UTC.
type Summary struct {
	SchemaVersion int            `json:"schema_version"`
	PolicyHash    string         `json:"policy_hash"`
	Range         Span           `json:"range"`
	Accounts      int64          `json:"accounts"`
	Newcomers     int64          `json:"newcomers"`
	Victims       TierCounts     `json:"victims"`
	Takeovers     TierCounts     `json:"takeovers"`
	Charges       TierCounts     `json:"charges"`
	Incident      *Span          `json:"incident"`
	Ongoing       bool           `json:"ongoing"`
	Money         []MoneySummary `json:"money"`
	Vectors       []VectorCount  `json:"vectors"`
	Campaigns     int            `json:"campaigns"`
	Stores        int            `json:"stores"`
	Method        MethodSummary  `json:"method"`
	Rows          RowCounts      `json:"rows"`
	Sources       []SourceCounts `json:"sources"`
	Unanswered    []Unanswered   `json:"not_computable"`
	Tables        map[string]int `json:"tables"`
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

// A MoneySummary is the money in one currency.
type MoneySummary struct {
	Currency         string           `json:"currency"`
	NetLoss          int64            `json:"net_loss"`
	NetLossConfirmed int64            `json:"net_loss_confirmed"`
	NetLossProbable  int64            `json:"net_loss_probable"`
	NetLossPossible  int64            `json:"net_loss_possible"`
	TopUp            int64            `json:"topup_amount"`
	Spend            int64            `json:"spend_amount"`
	FraudCharges     int64            `json:"fraud_charges"`
	Owed             int64            `json:"owed"`
	Held             int64            `json:"held"`
	Exception        int64            `json:"exception"`
	NeedsDecision    int64            `json:"needs_decision"`
	Channels         []ChannelSummary `json:"channels"`
}

// A ChannelSummary adds up the ledger lines of one channel, those that need a
// decision left out.
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
}

// A MethodSummary says what the figures rest on.
type MethodSummary struct {
	PriorPPB       int64 `json:"prior_ppb"`
	ExpectedWrong  int64 `json:"expected_wrong_thousandths"`
	FailuresNormal int64 `json:"stranger_failures_per_thousand_known_logins"`
	EntriesNormal  int64 `json:"stranger_entries_per_thousand_known_logins"`
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
	Range      *Span            `json:"range"`
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

// ongoing is how shortly before the end of the logs the last fraudulent charge
// must be for the attack to count as going on.
const ongoing = 6 * time.Hour

// Summarize draws up the summary of a case.
func Summarize(c *forensics.Case, tables []*table.Table) *Summary {
	s := &Summary{SchemaVersion: SummaryVersion, PolicyHash: c.Policy.Hash(),
		Accounts: c.Accounts, Newcomers: c.Newcomers, Campaigns: len(c.Campaigns), Stores: len(c.Stores),
		Method: MethodSummary{c.PriorPPB, c.WrongMilli, c.FailureRate, c.EntryRate},
		Money:  []MoneySummary{}, Vectors: []VectorCount{}, Unanswered: []Unanswered{}, Tables: map[string]int{}}
	s.Range = Span{stamp(c.First), stamp(c.Last)}
	for i := range c.Victims {
		s.Victims.add(c.Victims[i].Tier)
	}
	var last int64
	for i := range c.Charges {
		s.Charges.add(c.Charges[i].Tier)
		if c.Charges[i].Tier >= takeover.Probable {
			last = max(last, c.Charges[i].Time)
		}
	}
	s.Ongoing = last > 0 && c.Last-last <= ongoing.Microseconds()
	if n := len(c.Timeline); n > 0 {
		s.Incident = &Span{stamp(c.Timeline[0].At), stamp(c.Timeline[n-1].At)}
	}
	s.vectors(c)
	for i := range c.Totals {
		s.Money = append(s.Money, moneyOf(&c.Totals[i]))
	}
	for i := range c.Sources {
		s.source(&c.Sources[i])
	}
	for _, u := range c.Unanswered {
		s.Unanswered = append(s.Unanswered, Unanswered(u))
	}
	for _, t := range tables {
		s.Tables[t.Schema().Name] = t.Rows()
	}
	return s
}

func (s *Summary) vectors(c *forensics.Case) {
	at := map[string]int{}
	index := func(vector, meaning string) *VectorCount {
		if _, ok := at[vector]; !ok {
			at[vector] = len(s.Vectors)
			s.Vectors = append(s.Vectors, VectorCount{Vector: vector, Meaning: meaning})
		}
		return &s.Vectors[at[vector]]
	}
	for i := range c.Takeovers {
		t := &c.Takeovers[i]
		s.Takeovers.add(t.Tier)
		if t.Tier >= takeover.Probable {
			index(t.Vector.String(), t.Vector.Doc()).Takeovers++
		}
	}
	for i := range c.Victims {
		if v := &c.Victims[i]; v.Tier >= takeover.Probable {
			index(v.Vector.String(), v.Vector.Doc()).Victims++
		}
	}
	sortVectors(s.Vectors)
}

func moneyOf(t *forensics.Total) MoneySummary {
	m := MoneySummary{Currency: t.Currency.String(), NetLoss: t.NetLoss,
		NetLossConfirmed: t.ByTier[takeover.Confirmed].NetLoss,
		NetLossProbable:  t.ByTier[takeover.Probable].NetLoss,
		NetLossPossible:  t.ByTier[takeover.Possible].NetLoss,
		TopUp:            t.TopUp, Spend: t.Spend, FraudCharges: t.Charges,
		Owed: t.Owed, Held: t.Held, Exception: t.Exception, NeedsDecision: t.NeedsDecision,
		Channels: []ChannelSummary{}}
	for _, c := range t.ByChannel {
		m.Channels = append(m.Channels, ChannelSummary{c.Channel.String(), c.Lines, c.Amount})
	}
	return m
}

func (s *Summary) source(e *event.Source) {
	n := SourceCounts{Name: e.Name, Role: e.Role.String(),
		RowCounts: RowCounts{e.Read, e.Accepted, e.Rejected, e.Duplicates, e.Repeats},
		Extra:     e.Extra, Absent: e.Absent, Trouble: e.Trouble}
	if !e.First.IsZero() {
		n.Range = &Span{stamp(e.First.UnixMicro()), stamp(e.Last.UnixMicro())}
	}
	for f, count := range e.Unread {
		if count > 0 {
			if n.Unreadable == nil {
				n.Unreadable = map[string]int64{}
			}
			n.Unreadable[event.Field(f).String()] = count
		}
	}
	s.Rows.Read += e.Read
	s.Rows.Accepted += e.Accepted
	s.Rows.Rejected += e.Rejected
	s.Rows.Duplicates += e.Duplicates
	s.Rows.Repeats += e.Repeats
	s.Sources = append(s.Sources, n)
}

// Complete reports whether every row of every source was understood.
func (s *Summary) Complete() bool {
	for i := range s.Sources {
		if s.Sources[i].Rejected > 0 || s.Sources[i].Trouble != "" {
			return false
		}
	}
	return true
}

// sortVectors puts the way in that most accounts show first.
func sortVectors(v []VectorCount) {
	slices.SortFunc(v, func(a, b VectorCount) int {
		return cmp.Or(cmp.Compare(b.Takeovers, a.Takeovers), cmp.Compare(a.Vector, b.Vector))
	})
}

// stamp writes a time as all files do.
func stamp(micros int64) string {
	return string(table.AppendTime(nil, micros))
}

// WriteJSON writes a value as indented JSON, for people and programs alike.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
