package report

import (
	"slices"
	"strconv"
	"time"

	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
)

// entrance says how the attackers got in: each way with its accounts, below the
// first the figures that decide for it, and what speaks against the next best;
// then who tried and who spent.
func (v *voice) entrance(s *Summary) []console.Pair {
	var l told
	if s.blind(event.Auth) != "" {
		return nil
	}
	for i := range s.Vectors {
		n := &s.Vectors[i]
		if i > 0 {
			l.add([]string{v.T("also"), ""}[min(i-1, 1)], v.wayIn(n))
			continue
		}
		l.add(v.T("way in"), v.wayIn(n))
		if n.Because != "" && s.untold && len(s.WaysIn) > 0 && s.WaysIn[0].For > 0 {
			w := &s.WaysIn[0]
			l.add(v.T("fits best"), v.T("%s, but it is not proven: %s", v.Word(words.Vector, w.Vector), v.figures(w.Evidence, "for")))
		}
		if len(n.Evidence) > 0 {
			v.evidence(s, n, &l)
		}
	}
	l.add(v.T("roles"), v.rolesText(&s.Roles))
	return l.pairs
}

// wayIn says by what way how many came.
func (v *voice) wayIn(n *VectorCount) string {
	why := n.Meaning
	if n.Because != "" {
		why = n.Because
	}
	return v.Plural(n.Takeovers, "%[2]s: %[1]d account; %[3]s", "%[2]s: %[1]d accounts; %[3]s", v.Word(words.Vector, n.Vector), v.Say(why))
}

// evidence adds what decides for a way in and against the next best.
func (v *voice) evidence(s *Summary, n *VectorCount, l *told) {
	next := runnerUp(s, n.Vector)
	l.add(v.T("for it"), v.deciding(n.Evidence, next))
	l.add(v.T("against it"), v.figures(n.Evidence, "against"))
	if next == nil {
		return
	}
	text := v.figures(next.Evidence, "against")
	switch {
	case text != "":
	case slices.ContainsFunc(s.Vectors, func(o VectorCount) bool { return o.Vector == next.Vector }) || s.unplaced:
		text = v.T("nothing; it fits as well")
	default:
		text = v.T("none of these figures, but no account shows it")
	}
	l.add(v.T("next best"), v.T("%s; against it: %s", v.Word(words.Vector, next.Vector), text))
}

// manyFigures is how many figures are shown for or against a way in.
const manyFigures = 3

// runnerUp returns the way in besides the first for which most speaks, or nil.
func runnerUp(s *Summary, first string) *WayIn {
	for i := range s.WaysIn {
		if w := &s.WaysIn[i]; w.Vector != first && w.For > 0 {
			return w
		}
	}
	return nil
}

// deciding lists what speaks for a way in, first what speaks against the next
// best as well.
func (v *voice) deciding(all []Evidence, next *WayIn) string {
	var list []Evidence
	for _, e := range all {
		if e.Speaks == "for" {
			list = append(list, e)
		}
	}
	if next != nil {
		against := func(e Evidence) int {
			if slices.ContainsFunc(next.Evidence, func(n Evidence) bool { return n.Figure == e.Figure && n.Speaks == "against" }) {
				return 0
			}
			return 1
		}
		slices.SortStableFunc(list, func(a, b Evidence) int { return against(a) - against(b) })
	}
	return v.figures(list, "for")
}

// figures lists the first figures that speak for or against.
func (v *voice) figures(all []Evidence, speaks string) string {
	var texts []string
	said := map[string]bool{}
	for i := range all {
		if e := &all[i]; e.Speaks == speaks && len(texts) < manyFigures && !said[e.Figure] {
			said[e.Figure] = true
			texts = append(texts, v.figureText(e))
		}
	}
	return v.List(texts)
}

// figureText writes a figure with its threshold.
func (v *voice) figureText(e *Evidence) string {
	share := func(n int64) string {
		if e.Figure == "tries_per_account" {
			return strconv.FormatInt(n/1000, 10) + "." + strconv.FormatInt(n%1000/100, 10)
		}
		text := strconv.FormatInt(n/10, 10)
		if n%10 != 0 {
			text += "." + strconv.FormatInt(n%10, 10)
		}
		return text + "%"
	}
	name := v.Say(campaign.FigureNames[e.Figure])
	if e.Asked == "below" {
		return v.T("%s %s (needs below %s)", name, share(e.Value), share(e.Threshold))
	}
	return v.T("%s %s (needs at least %s)", name, share(e.Value), share(e.Threshold))
}

// manyCountries is how many countries of a role the terminal names.
const manyCountries = 5

// rolesText says who tried and who spent, and how long was between, "" where
// nothing is known of either.
func (v *voice) rolesText(r *RolesSummary) string {
	var parts []string
	if r.Testers != nil && *r.Testers > 0 {
		parts = append(parts, v.inCountries(v.Plural(*r.Testers, "tried from %d address", "tried from %d addresses"), r.TesterCountries))
	}
	if r.Executors != nil && *r.Executors > 0 {
		who := v.Plural(*r.Executors, "spent with %d device", "spent with %d devices")
		if r.ExecutorsBy == "address" {
			who = v.Plural(*r.Executors, "spent from %d address", "spent from %d addresses")
		}
		parts = append(parts, v.inCountries(who, r.ExecutorCountries))
	}
	text := v.List(parts)
	if r.LagAccounts != nil && *r.LagAccounts > 0 {
		text = v.T("%s; first charge %s after the entry (median of %s, %s to %s)", text, v.seconds(*r.LagMedian),
			v.Plural(*r.LagAccounts, "%d account", "%d accounts"), v.seconds(*r.LagLeast), v.seconds(*r.LagMost))
	}
	return text
}

func (v *voice) seconds(n int64) string { return v.Duration(time.Duration(n) * time.Second) }

// inCountries names the countries in which somebody was.
func (v *voice) inCountries(who string, countries []string) string {
	if len(countries) == 0 {
		return who
	}
	named := v.List(countries[:min(len(countries), manyCountries)])
	if n := len(countries) - manyCountries; n > 0 {
		return v.T("%s in %s and %d more", who, named, n)
	}
	return v.T("%s in %s", who, named)
}

// paceText says what the rule of amount and pace finds.
func (v *voice) paceText(s *Summary) string {
	p := s.AmountAndPace
	if p == nil || p.Accounts == 0 {
		return v.T("no account topped up and spent as much on one day as the rule of 7pay's first list asks")
	}
	return v.T("%s on %s fit the rule of 7pay's first list, of whose accounts at most half were victims; %d of them among the victims above",
		v.Plural(p.Accounts, "%d account", "%d accounts"), v.Plural(p.Days, "%d day", "%d days"), p.Named)
}
