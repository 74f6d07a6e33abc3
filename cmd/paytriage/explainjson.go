package main

import (
	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/table"
)

// explainVersion is the version of the schema of what explain prints as JSON.
const explainVersion = 1

// An explainOut is an explanation for programs. Weights are in centibans, shares
// in parts per billion, amounts in minor units, times RFC 3339 in UTC.
type explainOut struct {
	SchemaVersion int            `json:"schema_version"`
	Account       string         `json:"account_id"`
	Named         bool           `json:"named"` // probable or better
	Tier          *string        `json:"tier"`
	Score         *int64         `json:"score"`
	Meaning       string         `json:"meaning"`
	Vector        string         `json:"vector,omitempty"`
	Campaign      string         `json:"campaign_id,omitempty"`
	PolicyHash    string         `json:"policy_hash"`
	Accounts      int64          `json:"accounts"`
	Newcomers     int64          `json:"newcomers"`
	PriorPPB      int64          `json:"prior_ppb"`
	Failed        int64          `json:"failed_logins_of_strangers"`
	Users         []explainUser  `json:"users"`
	MoreUsers     int            `json:"users_left_out"`
	Visits        []explainVisit `json:"visits"`
	MoreVisits    int            `json:"visits_left_out"`
	Events        []explainEvent `json:"events"`
	MoreEvents    int            `json:"events_left_out"`
	Losses        []explainLoss  `json:"losses"`
	Ledger        []explainLine  `json:"ledger"`
	// Decisions are what people decided of the account; Dismissed says that it
	// is therefore out of the case.
	Decisions []explainDecision `json:"decisions"`
	Dismissed bool              `json:"dismissed"`
}

type explainDecision struct {
	Txn        string `json:"txn_id,omitempty"`
	Decision   string `json:"decision"`
	Validation string `json:"validation"`
	Who        string `json:"who"`
	Why        string `json:"why,omitempty"`
	When       string `json:"when"`
	Effect     string `json:"effect"`
}

type explainUser struct {
	User    int    `json:"user"`
	Device  string `json:"device"`
	First   string `json:"first_at"`
	Last    string `json:"last_at"`
	Logins  int64  `json:"logins"`
	Charges int64  `json:"charges"`
	Visit   int    `json:"visit,omitempty"`
	Why     string `json:"why_not_weighed,omitempty"`
}

type explainVisit struct {
	Visit      int             `json:"visit"`
	Tier       *string         `json:"tier"`
	Alone      *string         `json:"tier_by_score_alone"`
	Held       string          `json:"held_back,omitempty"`
	Score      int64           `json:"score"`
	First      string          `json:"first_at"`
	Last       string          `json:"last_at"`
	Device     string          `json:"device_id"`
	IP         string          `json:"ip"`
	Country    string          `json:"country"`
	ASN        string          `json:"asn"`
	Agent      string          `json:"user_agent"`
	Charges    int64           `json:"charges"`
	Declined   int64           `json:"declined"`
	ToppedUp   *int64          `json:"topup_amount"`
	Spent      *int64          `json:"spend_amount"`
	Currency   string          `json:"currency,omitempty"` // of these two
	Cards      int64           `json:"cards_registered"`
	Reasons    []string        `json:"reasons"`
	Place      string          `json:"place,omitempty"`
	Neighbours []string        `json:"neighbours,omitempty"`
	Others     int             `json:"neighbours_in_all"`
	Prior      int64           `json:"prior"`
	Groups     []explainGroup  `json:"groups"`
	Silent     []explainSilent `json:"not_weighed"`
	Fewer      []explainChange `json:"less_sure_if"`
	More       []explainChange `json:"surer_if"`
}

type explainGroup struct {
	Group  string        `json:"group"`
	Weight int64         `json:"weight"`
	Parts  []explainPart `json:"parts"`
}

type explainPart struct {
	Signal string   `json:"signal"`
	Label  string   `json:"label"`
	Seen   string   `json:"seen"`
	Given  []string `json:"given,omitempty"`
	Honest *int64   `json:"honest_ppb"`
	Attack *int64   `json:"thieves_ppb"`
	Weight int64    `json:"weight"`
}

type explainSilent struct {
	Signal string `json:"signal"`
	Label  string `json:"label"`
	Why    string `json:"because"`
}

type explainChange struct {
	Tier    *string         `json:"tier"`
	Score   int64           `json:"score"`
	Signals []explainSignal `json:"signals"`
}

type explainSignal struct {
	Signal string `json:"signal"`
	Label  string `json:"label"`
	Now    string `json:"now"`
	Then   string `json:"instead"`
}

type explainEvent struct {
	Time     string `json:"time"`
	Source   string `json:"source"`
	Line     int64  `json:"line"`
	Role     string `json:"role"`
	What     string `json:"what"`
	Result   string `json:"result"`
	Device   string `json:"device_id,omitempty"`
	IP       string `json:"ip,omitempty"`
	Store    string `json:"store_id,omitempty"`
	Txn      string `json:"txn_id,omitempty"`
	Amount   *int64 `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"`
	User     int    `json:"user,omitempty"`
	Visit    int    `json:"visit,omitempty"`
	Verdict  string `json:"verdict,omitempty"`
	Why      string `json:"because,omitempty"`
	Raw      string `json:"raw,omitempty"`
}

type explainLoss struct {
	Currency string `json:"currency"`
	Charges  int64  `json:"charges"`
	TopUp    int64  `json:"topup_amount"`
	Spend    int64  `json:"spend_amount"`
	NetLoss  int64  `json:"net_loss"`
}

type explainLine struct {
	ID        string   `json:"refund_id"`
	Txns      []string `json:"txn_ids"`
	Component string   `json:"component"`
	Channel   string   `json:"channel"`
	Gross     int64    `json:"gross"`
	Returned  int64    `json:"returned"`
	Amount    int64    `json:"amount"`
	Currency  string   `json:"currency"`
	Status    string   `json:"status"`
	Reasons   string   `json:"reasons"`
}

// jsonTier returns the word for a tier, nil for none.
func jsonTier(t takeover.Tier) *string {
	if t == takeover.NoTier {
		return nil
	}
	word := t.String()
	return &word
}

func jsonTime(micros int64) string { return string(table.AppendTime(nil, micros)) }

// jsonShare returns a share, nil for none.
func jsonShare(ppb int64) *int64 {
	if ppb < 0 {
		return nil
	}
	return &ppb
}

func explainJSON(e *explanation) *explainOut {
	out := &explainOut{SchemaVersion: explainVersion, Account: e.Account, Named: e.Tier >= takeover.Probable, Tier: jsonTier(e.Tier),
		Meaning: meaningOf(e), Vector: e.vector, Campaign: e.campaign, PolicyHash: e.policyHash,
		Accounts: e.Accounts, Newcomers: e.Newcomers, PriorPPB: e.PriorPPB, Failed: e.Failed,
		Users: []explainUser{}, Visits: []explainVisit{}, Events: []explainEvent{}, Losses: []explainLoss{}, Ledger: []explainLine{},
		Decisions: []explainDecision{}, Dismissed: e.Dismissed,
		MoreUsers: e.MoreUsers, MoreVisits: e.MoreVisits, MoreEvents: e.MoreEvents}
	if len(e.Visits) > 0 {
		score := int64(e.Score)
		out.Score = &score
	} else {
		out.Meaning = nothingWeighed(e)
	}
	for i := range e.Users {
		u := &e.Users[i]
		out.Users = append(out.Users, explainUser{i + 1, u.Device, jsonTime(u.First), jsonTime(u.Last), u.Logins, u.Charges, u.Visit, u.Why})
	}
	for i := range e.Visits {
		out.Visits = append(out.Visits, jsonVisit(&e.Visits[i]))
	}
	for i := range e.Events {
		out.Events = append(out.Events, jsonEvent(&e.Events[i]))
	}
	for i := range e.Losses {
		l := &e.Losses[i]
		out.Losses = append(out.Losses, explainLoss{l.Currency.String(), l.Charges, l.TopUp, l.Spend, l.NetLoss})
	}
	for i := range e.Decisions {
		d := &e.Decisions[i]
		verb := "dismiss"
		if d.Confirm {
			verb = "confirm"
		}
		out.Decisions = append(out.Decisions, explainDecision{d.Txn, verb, d.Validation.String(), d.Who, d.Why, jsonTime(d.When), d.Effect.String()})
	}
	for i := range e.Ledger {
		r := &e.Ledger[i]
		out.Ledger = append(out.Ledger, explainLine{r.ID, r.Txns, r.Component.String(), r.Channel.String(), r.Gross, r.Returned, r.Amount,
			r.Currency.String(), r.Status.String(), r.Reasons.String()})
	}
	return out
}

func jsonVisit(v *forensics.Visited) explainVisit {
	out := explainVisit{Visit: v.Number, Tier: jsonTier(v.Tier), Alone: jsonTier(v.Alone), Score: int64(v.Visit.Total), First: jsonTime(v.Visit.First), Last: jsonTime(v.Visit.Last),
		Device: v.Device, IP: v.IP, Country: v.Country, ASN: v.ASN, Agent: v.Agent, Charges: v.Charges, Declined: v.Declined,
		Reasons: append([]string{}, v.Reasons...), Place: v.Place, Neighbours: v.Neighbours, Prior: int64(v.Prior),
		Groups: []explainGroup{}, Silent: []explainSilent{}, Fewer: jsonChanges(v.Fewer), More: jsonChanges(v.More),
		Held: v.Held, Cards: v.Cards}
	if v.Charges > 0 {
		out.ToppedUp, out.Spent, out.Currency = &v.Topped, &v.Spent, money.Currency(v.Visit.Currency).String()
	}
	if d := v.Explanation.Device; d != nil {
		out.Others = len(d.Others)
	}
	for i := range v.Groups {
		g := &v.Groups[i]
		group := explainGroup{g.Name, int64(g.Weight), []explainPart{}}
		for k := range g.Parts {
			p := &g.Parts[k]
			group.Parts = append(group.Parts, explainPart{p.Name, p.Label, p.Seen, p.Given, jsonShare(p.Honest), jsonShare(p.Attack), int64(p.Weight)})
		}
		out.Groups = append(out.Groups, group)
	}
	for _, s := range v.Silent {
		out.Silent = append(out.Silent, explainSilent{s.Name, s.Label, s.Why})
	}
	return out
}

func jsonChanges(changes []takeover.Otherwise) []explainChange {
	out := []explainChange{}
	for _, c := range changes {
		change := explainChange{jsonTier(c.Tier), int64(c.Score), nil}
		for _, s := range c.Signals {
			change.Signals = append(change.Signals, explainSignal{s.Name, s.Label, s.Now, s.Then})
		}
		out = append(out, change)
	}
	return out
}

func jsonEvent(e *forensics.Event) explainEvent {
	out := explainEvent{Time: jsonTime(e.Time), Source: e.Source, Line: e.Line, Role: e.Role.String(), What: e.What, Result: e.Result,
		Device: e.Device, IP: e.IP, Store: e.Store, Txn: e.Txn, User: e.User, Visit: e.Visit, Verdict: e.Verdict, Why: e.Why, Raw: e.Raw}
	if e.Currency != 0 {
		out.Amount, out.Currency = &e.Amount, e.Currency.String()
	}
	return out
}
