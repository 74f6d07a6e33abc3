package takeover

import (
	"fmt"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/source"
)

// labels say what features are about, for people.
var labels = map[string]string{
	"arrival": "arrival, among the account's other devices", "stay": "time in the account",
	"network": "network, next to the other devices'", "lag": "first charge after arrival",
	"money": "money in a day, among all account-days", "drain": "what was done with the money",
	"change": "password or mail", "external": "external login",
	"failed": "strangers' tries in the day before", "reaction": "reaction of the owner",
	"session": "session of the charges", "sharing": "device seen", "charged": "charges",
	"unlike": "best day, next to the other devices'", "shops": "shops, next to the other devices'",
	"topups": "top-ups", "pace": "pace of charges", "fixture": "kind of device",
	"linking": "cards and bank accounts that could not be registered",
	"rhythm":  "outlays that follow a top-up",
	"siege":   "strangers fail everywhere in the day before",
}

// label returns what a feature is about.
func label(f int) string {
	if l := labels[FeatureNames[f]]; l != "" {
		return l
	}
	return FeatureNames[f]
}

// placeLabels say where the failures about an entry were.
var placeLabels = map[source.Kind]string{source.Addr: "failures at its address", source.Net: "failures in its network",
	source.Agent: "failures of its user agent", source.ASN: "failures through its operator", source.Service: "failures in the whole service"}

// failures returns the part of the failures about an entry.
func failures(c *source.Cell, v *Visit) []Part {
	if c == nil {
		return nil
	}
	p := Part{Name: c.Kind.String(), Label: placeLabels[c.Kind], Honest: -1, Attack: -1, Weight: v.Place,
		Seen: fmt.Sprintf("%d logins of strangers failed there (%d on ids that do not exist), %d more than honest people explain; %d accounts were entered",
			c.Failures, c.Unknown, c.Tries, c.Entered)}
	if c.Hour != source.AllHours {
		p.Label += " within the hour"
	}
	return []Part{p}
}

// earlier returns the part that an earlier entry to the account has in a breach.
func (x *Examination) earlier(i int) []Part {
	v := &x.Visits[i]
	if v.Breach == v.Place {
		return nil
	}
	seen := "an earlier entry to the account that may have been a break-in"
	visits := x.within(i)
	for n := len(visits) - 2; n >= 0; n-- {
		// Without all that came before, up to this one.
		if after := x.again(slices.Clone(visits[n:]), i, true, nil); after.Breach == v.Breach {
			seen = fmt.Sprintf("the account was entered %s before, by a visit that may have been a break-in", span(v.First-visits[n].First))
			break
		}
	}
	return []Part{{Name: "entered_before", Label: "an earlier visit", Seen: seen, Honest: -1, Attack: -1, Weight: v.Breach - v.Place}}
}

// span writes how long something took, for people.
func span(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d seconds", int64(d/time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int64(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int64(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int64(d/(24*time.Hour)))
}

// neighbours returns the other accounts of the device of visit i.
func (x *Examination) neighbours(i int) *Neighbours {
	v := &x.Visits[i]
	for _, g := range x.record.judge.groups {
		if !slices.Contains(g.visits, i) {
			continue
		}
		n := &Neighbours{Accounts: g.accounts, Owners: g.owners, Tour: g.tour}
		for _, k := range g.visits {
			if o := &x.Visits[k]; o.Account != v.Account {
				n.Others = append(n.Others, k)
				if o.Tier(&x.p.Verdict) >= Probable {
					n.Named++
				}
			}
		}
		return n
	}
	return nil
}

// parts returns what the other accounts on a device say of a visit.
func (n *Neighbours) parts(v *Visit) []Part {
	if n == nil {
		return nil
	}
	seen := fmt.Sprintf("%d other accounts; in %d of them a visit that is probable or better", n.Accounts-1, n.Named)
	if n.Accounts == 2 {
		seen = "1 other account"
		if n.Named > 0 {
			seen += ", in a visit that is probable or better"
		}
	}
	switch {
	case n.Owners > 0:
		seen += fmt.Sprintf("; at home in %d", n.Owners)
	case n.Tour:
		seen += "; at home nowhere"
	}
	return []Part{{Name: "device", Label: "the device in other accounts", Seen: seen, Honest: -1, Attack: -1, Weight: v.Shared}}
}

// meetingPlaces are the names of circles, in the order of circlesOf.
var meetingPlaces = []struct{ name, label string }{
	{"shops_met", "shops"}, {"address_met", "address"}, {"agent_met", "user agent"}, {"hour_met", "hours of the day it was"}}

// meetings returns what the company of visit i says: how much more often than
// honest newcomers those who look like thieves are met at its places.
func (x *Examination) meetings(i int) []Part {
	v := &x.Visits[i]
	if v.FirstCharge == 0 {
		return nil // only those who pay are met
	}
	var parts []Part
	for c, weights := range x.companies() {
		w := weights[i]
		p := Part{Name: fmt.Sprint("place_", c), Label: "meeting place", Honest: -1, Attack: -1, Weight: w}
		if c < len(meetingPlaces) {
			p.Name, p.Label = meetingPlaces[c].name, meetingPlaces[c].label
		}
		switch {
		case w > 0:
			p.Seen = "thieves are met there more than honest newcomers"
		case w < 0:
			p.Seen = "honest newcomers are met there more than thieves"
		default:
			p.Seen = "nothing to tell by"
		}
		parts = append(parts, p)
	}
	return parts
}

// companies returns what each circle by itself says of each visit.
func (x *Examination) companies() [][]odds.Centibans {
	if x.company != nil {
		return x.company
	}
	r := x.record
	j := *r.judge
	j.belief = r.belief
	x.company = make([][]odds.Centibans, len(j.circles))
	for n := range j.circles {
		c := &j.circles[n]
		j.meet(c)
		x.company[n] = make([]odds.Centibans, len(x.Visits))
		for k, i := range c.visits {
			x.company[n][i] = c.weights[k]
		}
	}
	return x.company
}
