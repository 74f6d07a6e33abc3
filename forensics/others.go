package forensics

import (
	"context"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/forensics/watch"
)

// others counts for each place of the attack the accounts whose own users were
// there too: who blocks a carrier's address locks out its customers.
func (inv *investigation) others(ctx context.Context, c *Case, workers int) error {
	if len(c.Places) == 0 {
		return nil
	}
	list := watch.NewList()
	number := make([]int, len(c.Places))
	for i := range c.Places {
		n, ok := list.Add(c.Places[i].Kind, c.Places[i].Value)
		if number[i] = n; !ok {
			number[i] = -1
		}
	}
	uses, err := list.Uses(ctx, workers, inv.log.Parts, inv.strangers())
	if err != nil {
		return err
	}
	for i, n := range number {
		if n >= 0 {
			c.Places[i].Others, c.Places[i].Counted = uses[n].Own, true
		}
	}
	return nil
}

// strangers returns who is suspected: visits that may be an attacker's, and
// those from a source of the attack. What a person dismissed is the owner's.
func (inv *investigation) strangers() []watch.Stranger {
	dismissed := map[event.Key]bool{}
	for i := range inv.dismissed {
		dismissed[inv.dismissed[i].key] = true
	}
	var all []watch.Stranger
	for i := range inv.found.Visits {
		v := &inv.found.Visits[i]
		if dismissed[v.Account] || v.Tier(&inv.p.Verdict) == takeover.NoTier && int64(v.Place) < inv.p.Source.ReportScore.Value {
			continue
		}
		all = append(all, watch.Stranger{Account: v.Account, Actor: v.Actor})
	}
	slices.SortFunc(all, watch.Stranger.Compare)
	return all
}
