package takeover

import (
	"math"
	"sort"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
)

// A trail is what the rows of one account say, in a form that can be asked for
// every visitor without a walk over all rows: a hostile account may have
// thousands of devices and millions of rows.
type trail struct {
	read     bool
	entered  bool    // there is a login of some actor
	changes  []int32 // logins that reset or changed something
	external []int32 // external logins
	failures []int32 // for each login, how many strangers failed before it

	disputed, borrowed, emptied []bool  // by actor
	own                         []int64 // failures of each actor in the day before it got in

	originals map[event.Key]int32 // transactions, where there are returns to look up

	lasts  []last // of the actors before each, and of all
	firsts [2]int // the two that came first
	people int    // actors that are no testers
}

// of reads an account.
func (t *trail) of(a *baseline.Account) {
	t.read, t.entered = true, false
	for i := range a.Actors {
		t.entered = t.entered || a.Actors[i].Entry >= 0
	}
	t.changes, t.external, t.failures = t.changes[:0], t.external[:0], t.failures[:0]
	t.own = append(t.own[:0], make([]int64, len(a.Actors))...)
	n := int32(0)
	for i := range a.Logins {
		l := &a.Logins[i]
		t.failures = append(t.failures, n)
		switch {
		case l.Outcome() == event.Failure && l.Reason() == event.UnknownAccount:
			// That the account did not exist yet says nothing of what was opened
			// later.
		case l.Outcome() == event.Failure:
			if by := a.LoginBy[i]; by == baseline.Nobody {
				n++
			} else if first := a.Actors[by].First; l.Time <= first && l.Time > first-baseline.Day {
				t.own[by]++
			}
		case isChange(l.Action):
			t.changes = append(t.changes, int32(i))
		case l.Action == event.ExternalLogin:
			t.external = append(t.external, int32(i))
		}
	}
	t.failures = append(t.failures, n)
	t.disputed = cleared(t.disputed, len(a.Actors))
	t.borrowed = cleared(t.borrowed, len(a.Actors))
	t.emptied = cleared(t.emptied, len(a.Actors))
	t.returns(a)
	t.wallet(a)
	for i, by := range a.ChargeBy {
		if by != baseline.Nobody && a.Borrowed[i] {
			t.borrowed[by] = true
		}
	}
}

func cleared(s []bool, n int) []bool {
	if cap(s) < n {
		return make([]bool, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// returns notes whose charges were charged back.
func (t *trail) returns(a *baseline.Account) {
	disputes := false
	for i := range a.Charges {
		disputes = disputes || a.Charges[i].Kind == event.Chargeback && a.Charges[i].Ref != 0
	}
	if !disputes {
		return
	}
	if t.originals == nil {
		t.originals = map[event.Key]int32{}
	}
	clear(t.originals)
	for i := range a.Charges {
		if a.ChargeBy[i] != baseline.Nobody {
			t.originals[a.Charges[i].Txn] = int32(i)
		}
	}
	for i := range a.Charges {
		c := &a.Charges[i]
		if c.Kind != event.Chargeback || c.Ref == 0 {
			continue
		}
		if n, ok := t.originals[c.Ref]; ok {
			t.disputed[a.ChargeBy[n]] = true
		}
	}
}

// wallet notes who left less in the wallet than there ever was before. What was
// in it when the log began is not known; that it was never lower is.
func (t *trail) wallet(a *baseline.Account) {
	var balance, lowest int64
	first := true // there is nothing to compare with
	for i := range a.Charges {
		c := &a.Charges[i]
		if c.Status == event.Declined {
			continue
		}
		switch c.Kind {
		case event.TopUp, event.TransferIn:
			balance += c.Amount
		case event.Payment:
			if c.Funding != event.Balance && c.Funding != event.NoFunding {
				continue
			}
			balance -= c.Amount
		case event.TransferOut, event.Payout:
			balance -= c.Amount
		default:
			continue
		}
		if by := a.ChargeBy[i]; by != baseline.Nobody {
			t.emptied[by] = !first && balance < lowest
		}
		lowest, first = min(lowest, balance), false
	}
}

// A last is the latest that any of some actors was seen, and the latest of all
// but that one.
type last struct {
	by          int
	at, otherAt int64
}

// presence notes who was there when, testers left out.
func (t *trail) presence(a *baseline.Account, isTester func(x *baseline.Actor) bool) {
	t.lasts, t.firsts, t.people = t.lasts[:0], [2]int{-1, -1}, 0
	l := last{-1, math.MinInt64, math.MinInt64}
	for i := range a.Actors {
		t.lasts = append(t.lasts, l)
		x := &a.Actors[i]
		if isTester(x) {
			continue
		}
		if t.people < 2 {
			t.firsts[t.people] = i
		}
		t.people++
		switch {
		case x.Last > l.at:
			l = last{i, x.Last, l.at}
		case x.Last > l.otherAt:
			l.otherAt = x.Last
		}
	}
	t.lasts = append(t.lasts, l)
}

// others tells when the other actors of an account were there, seen from actor
// i: how many there are, and whether any was there before, during and after.
func (t *trail) others(a *baseline.Account, i int) (n int, before, during, after bool) {
	x := &a.Actors[i]
	first := t.firsts[0]
	if first == i {
		first = t.firsts[1]
	}
	before = first >= 0 && a.Actors[first].First < x.First
	begun := sort.Search(len(a.Actors), func(n int) bool { return a.Actors[n].First >= x.Last })
	return t.people - 1, before, t.lasts[begun].but(i) > x.First, t.lasts[len(a.Actors)].but(i) > x.Last
}

// but returns the latest of all but actor i.
func (l last) but(i int) int64 {
	if l.by == i {
		return l.otherAt
	}
	return l.at
}

// window returns those of some logins that lie between two times, both
// included.
func window(rows []int32, logins []event.Login, from, to int64) []int32 {
	lo := sort.Search(len(rows), func(i int) bool { return logins[rows[i]].Time >= from })
	hi := sort.Search(len(rows), func(i int) bool { return logins[rows[i]].Time > to })
	return rows[lo:max(lo, hi)]
}

// failuresBetween counts the tries of strangers after one time and up to
// another.
func (t *trail) failuresBetween(a *baseline.Account, after, to int64) int64 {
	lo := sort.Search(len(a.Logins), func(i int) bool { return a.Logins[i].Time > after })
	hi := sort.Search(len(a.Logins), func(i int) bool { return a.Logins[i].Time > to })
	return int64(t.failures[max(lo, hi)] - t.failures[lo])
}

// externalBefore reports whether anybody but the actor logged in by an
// external identity before a time.
func (t *trail) externalBefore(a *baseline.Account, before int64, actor int16) bool {
	for _, n := range t.external {
		if a.Logins[n].Time >= before {
			return false
		}
		if a.LoginBy[n] != actor {
			return true
		}
	}
	return false
}
