package takeover

import (
	"context"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/watch"
)

// A Listing is what others saw in attacks, and what this log shows of it.
//
// It is evidence and no verdict: lists are old, or of other services' honest
// customers. Something that others listed is taken to serve as many thieves as
// the policy says. Each account of this log whose own users are there stands
// against that, so that a carrier's address weighs nothing. An entry is weighed
// by the heaviest of what is listed of it: address, network, user agent and
// device are views of one thing.
type Listing struct {
	list    *watch.List
	entries []event.Indicator // by number
	uses    []watch.Use
	weights []odds.Centibans
	of      map[watch.Stranger]int32 // the heaviest entry of a visit, by number
}

// newListing returns what others listed, nil for nothing. Of what is listed
// twice the longer validity holds.
func newListing(bad []event.Indicator) *Listing {
	if len(bad) == 0 {
		return nil
	}
	l := &Listing{list: watch.NewList(), of: map[watch.Stranger]int32{}}
	for _, i := range bad {
		n, ok := l.list.Add(i.Kind, i.Value)
		switch {
		case !ok:
		case n == len(l.entries):
			l.entries = append(l.entries, i)
		case i.Until == 0 || l.entries[n].Until != 0 && i.Until > l.entries[n].Until:
			l.entries[n].Until = i.Until
		}
	}
	return l
}

// weigh sets Listed of all visits.
func (l *Listing) weigh(ctx context.Context, log *event.Log, p *policy.Policy, workers int, visits []Visit) (err error) {
	if l == nil {
		return nil
	}
	strangers := make([]watch.Stranger, len(visits))
	for i := range visits {
		strangers[i] = watch.Stranger{Account: visits[i].Account, Actor: visits[i].Actor}
	}
	slices.SortFunc(strangers, watch.Stranger.Compare)
	if l.uses, err = l.list.Uses(ctx, workers, log.Parts, strangers); err != nil {
		return err
	}
	most := odds.Centibans(p.Source.ListedCap.Value)
	l.weights = make([]odds.Centibans, len(l.uses))
	for n := range l.uses {
		l.weights[n] = odds.Clamp(odds.Ratio(p.Source.ListedThieves.Value, l.uses[n].Own+1), 0, most)
	}
	for i := range visits {
		v := &visits[i]
		l.list.Match(v.Addr, v.Agent, v.ASN, v.Device, func(n int) {
			if end := l.entries[n].Until; l.weights[n] > v.Listed && (end == 0 || v.First <= end) {
				v.Listed = l.weights[n]
				l.of[watch.Stranger{Account: v.Account, Actor: v.Actor}] = int32(n)
			}
		})
	}
	return nil
}

// A ListedCount is what became of a listing.
type ListedCount struct {
	Given  int64 // different entries
	Seen   int64 // of them, in any row of the log
	Shared int64 // of these, used by so many honest accounts that they weigh nothing
}

// Count tells what became of a listing; nothing of none.
func (l *Listing) Count() (c ListedCount) {
	if l == nil {
		return c
	}
	for n := range l.uses {
		c.Given++
		if l.uses[n].Seen {
			c.Seen++
			if l.weights[n] == 0 {
				c.Shared++
			}
		}
	}
	return c
}

// part says what others listed of a visit.
func (l *Listing) part(v *Visit) []Part {
	if l == nil || v.Listed == 0 {
		return nil
	}
	n := l.of[watch.Stranger{Account: v.Account, Actor: v.Actor}]
	seen := fmt.Sprintf("others listed %s %s", l.entries[n].Kind, l.entries[n].Value)
	switch own := l.uses[n].Own; own {
	case 0:
		seen += "; no account's own user was ever there"
	case 1:
		seen += "; of 1 account here the own user is there too"
	default:
		seen += fmt.Sprintf("; of %d accounts here the own users are there too", own)
	}
	return []Part{{Name: "known_bad", Label: "seen by others in attacks", Seen: seen, Honest: -1, Attack: -1, Weight: v.Listed}}
}
