package forensics

import (
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/source"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// Why whole logs are missed.
const (
	noAuth     = "no auth log was given"
	noPayments = "no payment log was given"
)

// Questions lists what is asked of logs, each with the reason why sources such as
// these cannot answer it, "" where they can.
func Questions(sources []event.Source) []Unanswered {
	var all []Unanswered
	ask := func(ok bool, because string, questions ...string) {
		if ok {
			because = ""
		}
		for _, q := range questions {
			all = append(all, Unanswered{q, because})
		}
	}
	auth, payments := given(sources, event.Auth), given(sources, event.Payments)
	ask(auth, noAuth, "who got into which account, and how")
	ask(auth, noAuth+": what is named rests on amounts, pace, shops and devices in the payment log alone; where devices tell nothing, the rule of 7pay's first list is all there is (amount_and_pace), of which at most half was right",
		"whether a charge was made after a takeover")
	ask(payments, noPayments, "who lost how much")
	ask(auth, noAuth, "who tried credentials, and from where", "whether owners changed passwords after it")
	ask(payments, noPayments, "which charges are the thieves', and what is owed", "by whom the money was spent")
	missing := noPayments
	if !auth {
		missing = noAuth
	}
	ask(auth && payments, missing, "which of the entered accounts were robbed", "how long was between the entry and the theft")
	for _, q := range [...]struct {
		role     event.Role
		field    event.Field
		question string
	}{
		{event.Auth, event.DeviceID, "which device entered an account"},
		{event.Auth, event.ReasonWord, "whether ids were tried that do not exist"},
		{event.Auth, event.SessionID, "whether sessions were taken over"},
		{event.Auth, event.IP, "from where accounts were entered"},
		{event.Auth, event.ASNumber, "through which operators accounts were entered"},
		{event.Auth, event.CountryCode, "from which countries accounts were entered"},
		{event.Auth, event.UserAgent, "with which programs accounts were entered"},
		{event.Payments, event.DeviceID, "which device made a charge"},
		{event.Payments, event.SessionID, "in which session a charge was made"},
		{event.Payments, event.StoreID, "in which shops the money was spent"},
		{event.Payments, event.FundingSource, "through which channel a charge is to be refunded"},
	} {
		if given(sources, q.role) {
			ask(!lacks(sources, q.role, q.field), because(sources, q.role, q.field), q.question)
		}
	}
	return all
}

// because says which column is absent, and what stands in for it.
func because(sources []event.Source, role event.Role, field event.Field) string {
	text := "column " + field.String() + " is absent from the " + role.String() + " log"
	if role != event.Auth || field != event.DeviceID {
		return text
	}
	if !lacks(sources, event.Auth, event.UserAgent) {
		return text + ": the user agent stands in for it, so that two phones of one model are one"
	}
	if !lacks(sources, event.Auth, event.SessionID) {
		return text + ", and so is user_agent: most who use one account cannot be told apart, and most takeovers not be seen"
	}
	return text + ", and so are user_agent and session_id: those who use one account cannot be told apart, and most takeovers not be seen"
}

// given reports whether there is a source of a role.
func given(sources []event.Source, r event.Role) bool {
	return slices.ContainsFunc(sources, func(s event.Source) bool { return s.Role == r })
}

// lacks reports whether no source of a role has a column.
func lacks(sources []event.Source, r event.Role, f event.Field) bool {
	for i := range sources {
		if s := &sources[i]; s.Role == r && !slices.Contains(s.Absent, f.String()) {
			return false
		}
	}
	return true
}

func (inv *investigation) given(r event.Role) bool { return given(inv.log.Sources, r) }

// lacks reports whether no source of a role has a column, or no row fills it.
func (inv *investigation) lacks(r event.Role, f event.Field) bool { return lacks(inv.sources(), r, f) }

// sources returns the sources of the log, with the columns that are there but in
// no row filled among those that are absent.
func (inv *investigation) sources() []event.Source {
	if inv.emptied != nil {
		return inv.emptied
	}
	inv.emptied = slices.Clone(inv.log.Sources)
	for i := range inv.emptied {
		inv.emptied[i].Absent = slices.Clone(inv.emptied[i].Absent)
	}
	empty := func(r event.Role, f event.Field) {
		for i := range inv.emptied {
			if s := &inv.emptied[i]; s.Role == r && s.Accepted > 0 && !slices.Contains(s.Absent, f.String()) {
				s.Absent = append(s.Absent, f.String())
			}
		}
	}
	for _, column := range loginColumns {
		if !column.filled(inv.log.Parts.AnyLogin()) {
			empty(event.Auth, column.field)
		}
	}
	for _, column := range chargeColumns {
		if !column.filled(inv.log.Parts.AnyCharge()) {
			empty(event.Payments, column.field)
		}
	}
	return inv.emptied
}

// loginColumns and chargeColumns are the columns that are asked for.
var (
	loginColumns = []struct {
		field  event.Field
		filled func(event.Login) bool
	}{
		{event.DeviceID, func(l event.Login) bool { return l.Device != 0 }},
		{event.SessionID, func(l event.Login) bool { return l.Session != 0 }},
		{event.IP, func(l event.Login) bool { return l.Addr != 0 }},
		{event.ASNumber, func(l event.Login) bool { return l.ASN != 0 }},
		{event.CountryCode, func(l event.Login) bool { return l.Country != 0 }},
		{event.UserAgent, func(l event.Login) bool { return l.Agent != 0 }},
	}
	chargeColumns = []struct {
		field  event.Field
		filled func(event.Charge) bool
	}{
		{event.DeviceID, func(c event.Charge) bool { return c.Device != 0 }},
		{event.SessionID, func(c event.Charge) bool { return c.Session != 0 }},
		{event.IP, func(c event.Charge) bool { return c.Addr != 0 }},
		{event.StoreID, func(c event.Charge) bool { return c.Store != 0 }},
		{event.FundingSource, func(c event.Charge) bool { return c.Funding != event.NoFunding }},
	}
)

// unanswered lists what the logs cannot tell.
func (inv *investigation) unanswered() []Unanswered {
	var out []Unanswered
	for _, q := range Questions(inv.sources()) {
		if q.Because != "" {
			out = append(out, q)
		}
	}
	if inv.untold() && !inv.lacks(event.Auth, event.ReasonWord) && inv.failed() {
		out = append(out, Unanswered{"whether ids were tried that do not exist", "no failed login of the auth log says so: its reasons seem to be merged"})
	}
	if !inv.given(event.Auth) && len(inv.paced.Unruled) > 0 {
		var codes []string
		for _, cur := range inv.paced.Unruled {
			codes = append(codes, cur.String())
		}
		out = append(out, Unanswered{"which days fit the rule of amount and pace in " + strings.Join(codes, ", "), "the policy names no amounts for it: add them to amount_and_pace, with a reason"})
	}
	return out
}

// untold reports whether the log does not tell ids that do not exist from wrong
// passwords.
func (inv *investigation) untold() bool {
	return !inv.log.Parts.HasReason(event.UnknownAccount)
}

// failed reports whether any login failed.
func (inv *investigation) failed() bool {
	return slices.ContainsFunc(inv.found.Sources.Hours, func(h source.Hour) bool { return h.Failures > 0 })
}

// figures counts what speaks for and against the ways in. Without logins there is
// nothing to count.
func (inv *investigation) figures(c *Case) {
	c.UntoldIDs, c.Unplaced = inv.untold(), inv.lacks(event.Auth, event.IP)
	if !inv.given(event.Auth) {
		return
	}
	var e campaign.Entered
	for i := range inv.suspects {
		s := &inv.suspects[i]
		if s.tier() < takeover.Probable {
			continue
		}
		e.All++
		count := func(n *int64, holds bool) {
			if holds {
				*n++
			}
		}
		v := &s.visits[s.best]
		count(&e.Tried, s.tried)
		count(&e.Quick, s.tried && s.quick)
		count(&e.Change, v.Outcome[takeover.Change] > 0)
		count(&e.External, v.Outcome[takeover.External] > 0)
		count(&e.Session, v.Outcome[takeover.Session] > 0)
		count(&e.Guessed, v.Outcome[takeover.Failed] >= 2)
	}
	if inv.failed() {
		e.Logged = true
		e.Without = inv.unexplained
	}
	for _, cell := range inv.found.Sources.Attack {
		if tries := cell.Failures + cell.Entries; cell.Kind == source.Addr && tries > 7 && 5*cell.Failures > 4*tries {
			e.Servers += cell.Failures
		}
	}
	c.Figures = inv.tried().Figures(&e, inv.p)
}
