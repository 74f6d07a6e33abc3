package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/campaign"
)

// waysIn says how the attackers got in: each way with its accounts, below the
// first the figures that decide for it, and what speaks against the next best.
func waysIn(s *Summary) []string {
	var lines []string
	for i := range s.Vectors {
		v := &s.Vectors[i]
		why := v.Meaning
		if v.Because != "" {
			why = v.Because
		}
		lines = append(lines, fmt.Sprintf("%s: %s; %s", v.Vector, several(v.Takeovers, "account", "accounts"), why))
		if i == 0 && v.Because != "" && s.untold && len(s.WaysIn) > 0 && s.WaysIn[0].For > 0 {
			w := &s.WaysIn[0]
			lines = append(lines, "fits best, and is not proven: "+w.Vector+": "+figures(w.Evidence, "for"))
		}
		if i > 0 || len(v.Evidence) == 0 {
			continue
		}
		next := runnerUp(s, v.Vector)
		if text := deciding(v.Evidence, next); text != "" {
			lines = append(lines, "for it: "+text)
		}
		if text := figures(v.Evidence, "against"); text != "" {
			lines = append(lines, "against it: "+text)
		}
		if next == nil {
			continue
		}
		text := figures(next.Evidence, "against")
		switch {
		case text != "":
		case slices.ContainsFunc(s.Vectors, func(o VectorCount) bool { return o.Vector == next.Vector }) || s.unplaced:
			text = "nothing; it fits as well"
		default:
			text = "none of these figures, but no account shows it"
		}
		lines = append(lines, "against "+next.Vector+", the next best: "+text)
	}
	return lines
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
func deciding(all []Evidence, next *WayIn) string {
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
	return figures(list, "for")
}

// figures lists the first figures that speak for or against.
func figures(all []Evidence, speaks string) string {
	var texts []string
	said := map[string]bool{}
	for i := range all {
		if e := &all[i]; e.Speaks == speaks && len(texts) < manyFigures && !said[e.Figure] {
			said[e.Figure] = true
			texts = append(texts, figureText(e))
		}
	}
	return strings.Join(texts, ", ")
}

// figureText writes a figure with its threshold.
func figureText(e *Evidence) string {
	share := func(n int64) string {
		if e.Figure == "tries_per_account" {
			return fmt.Sprintf("%d.%d", n/1000, n%1000/100)
		}
		text := fmt.Sprintf("%d", n/10)
		if n%10 != 0 {
			text += fmt.Sprintf(".%d", n%10)
		}
		return text + " %"
	}
	return fmt.Sprintf("%s %s (needs %s %s)", campaign.FigureNames[e.Figure], share(e.Value), e.Asked, share(e.Threshold))
}

// manyCountries is how many countries of a role the terminal names.
const manyCountries = 5

// rolesText says who tried and who spent, and how long was between, "" where
// nothing is known of either.
func rolesText(r *RolesSummary) string {
	var parts []string
	if r.Testers != nil && *r.Testers > 0 {
		parts = append(parts, "tried from "+several(*r.Testers, "address", "addresses")+inCountries(r.TesterCountries))
	}
	if r.Executors != nil && *r.Executors > 0 {
		who := "spent with " + several(*r.Executors, "device", "devices")
		if r.ExecutorsBy == "address" {
			who = "spent from " + several(*r.Executors, "address", "addresses")
		}
		parts = append(parts, who+inCountries(r.ExecutorCountries))
	}
	text := strings.Join(parts, ", ")
	if r.LagAccounts != nil && *r.LagAccounts > 0 {
		text += fmt.Sprintf("; first charge %s after the entry (median of %s, %s to %s)", duration(*r.LagMedian),
			several(*r.LagAccounts, "account", "accounts"), duration(*r.LagLeast), duration(*r.LagMost))
	}
	return text
}

// inCountries names countries.
func inCountries(countries []string) string {
	if len(countries) == 0 {
		return ""
	}
	text := " in " + strings.Join(countries[:min(len(countries), manyCountries)], ", ")
	if n := len(countries) - manyCountries; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// duration writes seconds for a person.
func duration(s int64) string {
	const minute, hour, day = 60, 3600, 86400
	switch {
	case s < minute:
		return fmt.Sprintf("%d s", s)
	case s < hour:
		return fmt.Sprintf("%d min", s/minute)
	case s < 2*day:
		return fmt.Sprintf("%d h %d min", s/hour, s%hour/minute)
	}
	return fmt.Sprintf("%d d %d h", s/day, s%day/hour)
}

// paceText says what the rule of amount and pace finds.
func paceText(s *Summary) string {
	p := s.AmountAndPace
	if p == nil || p.Accounts == 0 {
		return "no account topped up and spent as much on one day as the rule of 7pay's first list asks"
	}
	return fmt.Sprintf("%s on %s fit the rule of 7pay's first list, of whose accounts at most half were victims; %s of them among the victims above",
		several(p.Accounts, "account", "accounts"), several(p.Days, "day", "days"), count(p.Named))
}
