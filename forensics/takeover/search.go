package takeover

import (
	"cmp"
	"context"
	"slices"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
)

// Findings are all visits of a log, weighed, and what they were weighed by.
type Findings struct {
	Visits  []Visit // by account, then time
	Sources *source.Map
	// Prior is the probability, in parts per billion, that a newcomer is an
	// attacker before any evidence on it; estimated from the log.
	Prior int64
	// Wrong is how many of the visits called probable or better are expected
	// to be honest after all, in thousandths.
	Wrong int64
	End   int64 // of the log, microseconds UTC
	// Accounts is how many accounts had a user.
	Accounts int64

	// Listing is what others listed, nil for nothing.
	Listing *Listing

	record *record // for Examine, else nil
	idle   idle
	// openers opened an account and have nothing against them.
	openers openers
}

// Search finds and weighs all visits. Progress, if not nil, is told how many
// rows were looked at since the last call.
// Bad is what others saw in attacks.
func Search(ctx context.Context, log *event.Log, p *policy.Policy, bad []event.Indicator, workers int, progress func(rows int64)) (*Findings, error) {
	return find(ctx, log, p, workers, progress, &Findings{Listing: newListing(bad)})
}

// find is Search, into f.
func find(ctx context.Context, log *event.Log, p *policy.Policy, workers int, progress func(rows int64), f *Findings) (*Findings, error) {
	for i := range log.Sources {
		if t := log.Sources[i].Last; !t.IsZero() {
			f.End = max(f.End, t.UnixMicro())
		}
	}
	lookouts, err := findWalk.Run(ctx, workers, log.Parts, &finding{p: p, end: f.End, parts: log.Parts.Len(), memory: log.Room()}, progress)
	if err != nil {
		return nil, err
	}
	tracers := make([]*source.Tracer, len(lookouts))
	days := map[uint32]*histogram{}
	var users []user
	for i, l := range lookouts {
		f.Visits = append(f.Visits, l.visits...)
		f.Accounts += l.accounts
		for o, n := range l.openers {
			f.openers[o] += n
		}
		tracers[i] = l.tracer
		users = append(users, l.users...)
		for c, h := range l.days {
			if days[c] == nil {
				days[c] = &histogram{}
			}
			for b, n := range h {
				days[c][b] += n
			}
		}
	}
	slices.SortFunc(f.Visits, compareVisits)
	if f.Sources, err = source.Survey(ctx, workers, log.Parts, tracers, &p.Source); err != nil {
		return nil, err
	}
	f.End = min(f.End, lively(f.Sources.Hours, f.End))
	for i := range f.Visits {
		f.Visits[i].endsAt(f.End, p)
	}
	f.places()
	again, err := f.redescribe(ctx, log, p)
	if err != nil {
		return nil, err
	}
	users = append(users, again...)
	price(f.Visits, days)
	if err := f.Listing.weigh(ctx, log, p, workers, f.Visits); err != nil {
		return nil, err
	}
	f.Visits = slices.DeleteFunc(f.Visits, func(v Visit) bool {
		if v.idle() {
			f.idle.add(&v)
			return true
		}
		return false
	})
	if err := f.crowds(ctx, log, p, workers); err != nil {
		return nil, err
	}
	f.judge(p, users)
	return f, nil
}

// lively returns the end of the last hour in which a log is alive: of all
// logins, no more than one in a thousand stand after it. A clock that went wrong
// stamps a row years ahead, and nothing else happens there.
func lively(hours []source.Hour, end int64) int64 {
	var all, late int64
	for i := range hours {
		all += hours[i].Attempts
	}
	for i := len(hours) - 1; i >= 0; i-- {
		if late += hours[i].Attempts; late*1000 > all {
			return (hours[i].At + 1) * baseline.Hour
		}
	}
	return end
}

// A finding is what a lookout is given.
type finding struct {
	p      *policy.Policy
	end    int64
	parts  int           `wire:"-"` // over how many touches are spread; 0 is 1
	memory *spill.Memory `wire:"-"`
}

var findWalk = event.NewWalk(source.TouchesSet, newLookout, (*lookout).part, func(l *lookout) *found { return &l.found }).
	Giving(func(l *lookout) [][]byte { return l.tracer.Give() })

// A lookout is a finder with the account it looks at.
type lookout struct {
	finder
	at baseline.Account
}

func newLookout(c *finding) *lookout {
	if c.memory == nil {
		c.memory = spill.New(0, "")
	}
	return &lookout{finder: finder{p: c.p, end: c.end, found: found{days: map[uint32]*histogram{}, tracer: source.NewTracer(max(c.parts, 1), c.memory)}}}
}

func (l *lookout) part(_ int, rows *event.Cursor) { baseline.Walk(rows, &l.at, l.account) }

// places sets what the failures around each entry say of it.
func (f *Findings) places() {
	for i := range f.Visits {
		v := &f.Visits[i]
		if f.Sources.UnderSiege(v.First) {
			v.Outcome[Siege] = 1
		}
		if v.Entry >= 0 {
			var c *source.Cell
			if v.Place, c = f.Sources.Weight(v.spot); c != nil {
				v.place, v.placeOdds = v.Place, c.Odds
				v.routed = c.Kind == source.Addr || c.Kind == source.Net || c.Kind == source.ASN
			}
		}
	}
}

// redescribe describes the visits of accounts that testers entered anew, as if
// the testers had not been there: the owner, when she comes back, is no stranger
// for coming after them. It returns the users of these accounts, some of whom
// are known as such already.
func (f *Findings) redescribe(ctx context.Context, log *event.Log, p *policy.Policy) ([]user, error) {
	again := finder{p: p, end: f.End}
	var account baseline.Account
	var out []Visit
	var failed error
	tested := func(v *Visit) bool { return int64(v.Place) >= p.Source.ReportScore.Value && !v.Paid }
	var accounts []event.Key
	for i := range f.Visits {
		if v := &f.Visits[i]; tested(v) {
			accounts = append(accounts, v.Account)
		}
	}
	if err := log.Parts.Fetch(ctx, accounts); err != nil {
		return nil, err
	}
	reader := log.Parts.NewReader()
	f.byAccount(func(visits []Visit) {
		again.testers, again.visits = again.testers[:0], again.visits[:0]
		for i := range visits {
			if v := &visits[i]; tested(v) {
				again.testers = append(again.testers, v.Actor)
				out = append(out, *v)
			}
		}
		if len(again.testers) == 0 {
			out = append(out, visits...)
			return
		}
		rows, err := reader.Account(visits[0].Account)
		if err != nil {
			failed = err
			return
		}
		account.Read(rows.Logins, rows.Charges)
		again.describe(&account)
		out = append(out, again.visits...)
	})
	f.Visits = out
	f.places()
	slices.SortFunc(f.Visits, compareVisits)
	return again.users, failed
}

func compareVisits(a, b Visit) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.First, b.First), cmp.Compare(a.Actor, b.Actor))
}
