package report

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/table"
)

// Summarize draws up the summary of a case.
func Summarize(c *forensics.Case, tables []*table.Table) *Summary {
	s := &Summary{SchemaVersion: SummaryVersion, PolicyHash: c.Policy.Hash(),
		Accounts: c.Accounts, Newcomers: c.Newcomers, Campaigns: len(c.Campaigns), Stores: len(c.Stores),
		Method: MethodSummary{PriorPPB: c.PriorPPB, ExpectedWrong: c.WrongMilli},
		Money:  []MoneySummary{}, Vectors: []VectorCount{}, Unanswered: []Unanswered{}, Tables: map[string]int{}}
	auth, payments := knows(c, event.Auth), knows(c, event.Payments)
	// Without logins, only charges tell who used an account. Where they do not,
	// nobody can be told from anybody.
	s.faceless = payments && !auth && c.Accounts == 0 && c.First != 0
	s.Victims.unknown, s.Charges.unknown = !payments || s.faceless, !payments || s.faceless
	s.Takeovers.unknown = s.faceless
	if auth {
		s.Method.FailuresNormal, s.Method.EntriesNormal = &c.FailureRate, &c.EntryRate
	}
	s.untold, s.unplaced = c.UntoldIDs, c.Unplaced
	s.Roles = rolesOf(&c.Roles, auth && payments)
	if payments {
		s.AmountAndPace = &PaceSummary{c.Pace.Days, c.Pace.Accounts, c.Pace.Named, !auth}
	}
	s.Range = Span{stamp(c.First), stamp(c.Last)}
	s.SpentFirst = c.SpentFirst.String()
	s.sentOn(c)
	s.known(c)
	s.insiders(&c.Insiders)
	s.ClockSkew = NewClockSkew(&c.Skew, c.Corrected)
	for i := range c.Victims {
		s.Victims.add(c.Victims[i].Tier)
	}
	for i := range c.Charges {
		s.Charges.add(c.Charges[i].Tier)
	}
	s.signs(c)
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
	for _, q := range [...]struct {
		role     event.Role
		question string
	}{{event.Payments, "who lost how much"}, {event.Auth, "who got into which account, and how"}} {
		asked := slices.ContainsFunc(c.Unanswered, func(u forensics.Unanswered) bool { return u.Question == q.question })
		if because := s.blind(q.role); because != "" && !asked {
			s.Unanswered = append(s.Unanswered, Unanswered{q.question, because})
		}
	}
	for _, u := range c.Unanswered {
		s.Unanswered = append(s.Unanswered, Unanswered(u))
	}
	for _, t := range tables {
		s.Tables[t.Schema().Name] = t.Rows()
	}
	return s
}

// sentOn counts where stolen money was sent. An account with two currencies
// stands in the table twice.
func (s *Summary) sentOn(c *forensics.Case) {
	if len(c.Mules) == 0 && c.Unnamed == 0 {
		return
	}
	s.SentOn = &SentOnSummary{Transfers: c.Unnamed, Unmatched: c.Unnamed, Unnamed: c.Unnamed}
	seen := map[string]bool{}
	for i := range c.Mules {
		m := &c.Mules[i]
		s.SentOn.Transfers += m.Transfers
		s.SentOn.Unmatched += m.Lost
		if seen[m.Account] {
			continue
		}
		seen[m.Account] = true
		s.SentOn.Accounts++
		if m.Victim {
			s.SentOn.Victims++
		}
	}
}

// known counts what people know.
func (s *Summary) known(c *forensics.Case) {
	for i := range c.Files {
		switch f := &c.Files[i]; f.Role {
		case forensics.BalancesRole:
			s.Balances = &BalanceSummary{Read: f.Read, Used: c.BalancesUsed, Unreadable: f.Rejected}
		case forensics.DecisionsRole:
			s.Decisions = &DecisionSummary{Read: f.Read}
		case forensics.KnownBadRole:
			s.KnownBad = knownBad(c, f)
		}
	}
	if s.Decisions == nil {
		return
	}
	for i := range c.Decisions {
		s.Decisions.add(&c.Decisions[i])
	}
	for i := range c.Takeovers {
		if t := &c.Takeovers[i]; t.Decided && t.Tier == takeover.Possible {
			s.Decisions.PossibleConfirmed++
		}
	}
	for i := range c.Victims {
		if v := &c.Victims[i]; v.Decided && v.Tier == takeover.Possible {
			s.Decisions.VictimsConfirmed++
		}
	}
}

func (s *DecisionSummary) add(d *forensics.Decision) {
	switch {
	case d.Effect == forensics.DecisionOverridden:
		s.Overridden++
		return
	case d.Effect != forensics.DecisionApplied:
		s.Unmatched++
		return
	}
	s.Applied++
	switch {
	case d.Txn != "" && d.Confirm:
		s.ConfirmedCharges++
	case d.Txn != "":
		s.DismissedCharges++
	case d.Confirm:
		s.ConfirmedAccounts++
	default:
		s.DismissedAccounts++
	}
}

// signs notes when the attack began and was seen last, and whether it goes on. One
// account that is only probably entered is no proof of that.
func (s *Summary) signs(c *forensics.Case) {
	var first, last int64
	if knows(c, event.Auth) && knows(c, event.Payments) {
		s.EnteredOnly = new(int64)
	}
	accounts := map[string]takeover.Tier{}
	note := func(account string, tier takeover.Tier, at, end int64) bool {
		if end-at > recent.Microseconds() {
			return false
		}
		accounts[account] = max(accounts[account], tier)
		return true
	}
	s.Recent.Hours = int64(recent / time.Hour)
	logins, payments := endOf(c, event.Auth), endOf(c, event.Payments)
	for i := range c.Takeovers {
		if t := &c.Takeovers[i]; t.Tier >= takeover.Probable {
			if first == 0 || t.TakeoverAt < first {
				first = t.TakeoverAt
			}
			if !t.Lost && s.EnteredOnly != nil {
				*s.EnteredOnly++
			}
			note(t.Account, t.Tier, t.TakeoverAt, logins)
		}
	}
	for i := range c.Charges {
		if ch := &c.Charges[i]; ch.Tier >= takeover.Probable {
			last = max(last, ch.Time)
			if note(ch.Account, ch.Tier, ch.Time, payments) {
				s.Recent.Charges++
			}
		}
	}
	for _, tier := range accounts {
		s.Recent.Accounts++
		if tier == takeover.Confirmed {
			s.Recent.Confirmed++
		}
	}
	s.Ongoing = s.Recent.Confirmed > 0 || s.Recent.Accounts > 1
	s.FirstTakeover, s.LastFraud = stampOrNull(first), stampOrNull(last)
}

// endOf returns when the logs of a role end, or all logs if there is none of it.
func endOf(c *forensics.Case, r event.Role) int64 {
	end, found := c.Last, false
	for i := range c.Sources {
		if s := &c.Sources[i]; s.Role == r && !s.Last.IsZero() {
			if at := s.Last.UnixMicro(); !found || at > end {
				end, found = at, true
			}
		}
	}
	return end
}

func (s *Summary) vectors(c *forensics.Case) {
	at := map[string]int{}
	standings := campaign.Standings(c.Figures)
	s.WaysIn = []WayIn{}
	for i := range standings {
		st := &standings[i]
		s.WaysIn = append(s.WaysIn, WayIn{st.Vector.String(), meaning(c, st.Vector), st.For, st.Against, evidence(st.Figures)})
	}
	index := func(v campaign.Vector) *VectorCount {
		vector := v.String()
		if _, ok := at[vector]; !ok {
			at[vector] = len(s.Vectors)
			n := VectorCount{Vector: vector, Meaning: meaning(c, v), Evidence: []Evidence{}}
			for i := range standings {
				if standings[i].Vector == v {
					n.Evidence = evidence(standings[i].Figures)
				}
			}
			if v == campaign.Undetermined {
				n.Because = undetermined(c)
			}
			s.Vectors = append(s.Vectors, n)
		}
		return &s.Vectors[at[vector]]
	}
	for i := range c.Takeovers {
		t := &c.Takeovers[i]
		s.Takeovers.add(t.Tier)
		if t.Tier >= takeover.Probable {
			index(t.Vector).Takeovers++
		}
	}
	for i := range c.Victims {
		if v := &c.Victims[i]; v.Tier >= takeover.Probable {
			index(v.Vector).Victims++
		}
	}
	sortVectors(s.Vectors)
}

// meaning says what a way in is, but for what the logs cannot know of it.
func meaning(c *forensics.Case, v campaign.Vector) string {
	if v == campaign.ListType && c.Unplaced {
		return "ids and passwords of a list tried (credential stuffing); from how many addresses, the log does not say"
	}
	return v.Doc()
}

// undetermined says why no way in is named.
func undetermined(c *forensics.Case) string {
	switch {
	case !knows(c, event.Auth):
		return "without an auth log nothing is known of how anybody got in"
	case c.UntoldIDs && len(c.Figures) > 0:
		return "the log does not say which ids do not exist: a list from elsewhere, and one password tried on account after account, look the same"
	}
	return "no failed tries near these entries that an attack would explain, no reset, no new external login, no session of another's; and too few of them for a leak to be named"
}

// evidence writes figures.
func evidence(figures []campaign.Figure) []Evidence {
	out := []Evidence{}
	for i := range figures {
		f := &figures[i]
		e := Evidence{Figure: f.Code, Meaning: campaign.FigureDocs[f.Code], Count: f.N, Of: f.Of, Value: f.PerMille(),
			Threshold: f.Bound, Asked: "at least", Speaks: "against", From: f.From}
		if f.Below {
			e.Asked = "below"
		}
		if f.For {
			e.Speaks = "for"
		}
		out = append(out, e)
	}
	return out
}

// rolesOf writes roles.
func rolesOf(r *forensics.Roles, both bool) RolesSummary {
	var s RolesSummary
	if !r.Testers.Unknown {
		s.Testers, s.TesterCountries, s.TesterOperators = &r.Testers.Count, r.Testers.Countries, r.Testers.Operators
	}
	if !r.Executors.Unknown {
		s.ExecutorsBy = "device"
		if r.Executors.ByAddress {
			s.ExecutorsBy = "address"
		}
		s.Executors, s.ExecutorCountries, s.ExecutorOperators = &r.Executors.Count, r.Executors.Countries, r.Executors.Operators
	}
	if both {
		s.LagAccounts = &r.Lags
	}
	if r.Lags > 0 {
		s.LagMedian, s.LagLeast, s.LagMost = &r.LagMedian, &r.LagLeast, &r.LagMost
	}
	return s
}

func moneyOf(t *forensics.Total) MoneySummary {
	m := MoneySummary{Currency: t.Currency.String(), NetLoss: t.NetLoss,
		NetLossConfirmed: t.ByTier[takeover.Confirmed].NetLoss,
		NetLossProbable:  t.ByTier[takeover.Probable].NetLoss,
		NetLossPossible:  t.ByTier[takeover.Possible].NetLoss,
		TopUp:            t.TopUp, Spend: t.Spend, FraudCharges: t.Charges,
		Owed: t.Owed, Held: t.Held, Exception: t.Exception, NeedsDecision: t.NeedsDecision,
		NetLossDecided: t.ByDecision.NetLoss, Channels: []ChannelSummary{},
		NotYet: t.NotYet, NotYetAccounts: t.NotYetAccounts, OpenNamed: t.OpenNamed, OddPossible: t.OddPossible}
	for _, c := range t.ByChannel {
		m.Channels = append(m.Channels, ChannelSummary{c.Channel.String(), c.Lines, c.Amount})
	}
	return m
}

func (s *Summary) source(e *event.Source) {
	n := SourceCounts{Name: e.Name, Role: e.Role.String(),
		RowCounts: RowCounts{e.Read, e.Accepted, e.Rejected, e.Duplicates, e.Repeats},
		Extra:     e.Extra, Absent: e.Absent, Trouble: e.Trouble, Format: e.Format, Passed: e.Passed, LeftOut: e.LeftOut, Broken: e.Broken, Notes: e.Notes}
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

// knownBad counts what others listed.
func knownBad(c *forensics.Case, f *forensics.File) *KnownBadSummary {
	n := c.KnownBad
	k := &KnownBadSummary{Read: f.Read, Unreadable: f.Rejected, Passed: f.Passed, Given: n.Given, Matched: n.Seen, Unmatched: n.Given - n.Seen, Shared: n.Shared}
	for i := range c.Takeovers {
		if slices.Contains(c.Takeovers[i].Reasons, takeover.KnownBad.String()) {
			k.Takeovers++
		}
	}
	return k
}

// Complete reports whether every row of every source was understood.
func (s *Summary) Complete() bool {
	if s.Balances != nil && s.Balances.Unreadable > 0 {
		return false
	}
	if s.KnownBad != nil && s.KnownBad.Unreadable > 0 {
		return false
	}
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

func stampOrNull(micros int64) *string {
	if micros == 0 {
		return nil
	}
	text := stamp(micros)
	return &text
}

// blind returns why nothing is known from the logs of a role, or "". A log without
// rows is none of the reasons: nothing happened.
func (s *Summary) blind(r event.Role) string {
	because := "no " + r.String() + " log was read"
	for i := range s.Sources {
		if n := &s.Sources[i]; n.Role == r.String() {
			if n.Accepted > 0 || n.Rejected == 0 {
				return ""
			}
			because = "no row of the " + r.String() + " log was understood"
		}
	}
	return because
}

// WriteJSON writes a value as indented JSON, for people and programs alike.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(console.JSON(w))
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
