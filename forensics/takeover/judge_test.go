package takeover

import (
	"context"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
)

// TestRaid checks that those who are robbed are named, and nobody else.
func TestRaid(t *testing.T) {
	p := policy.Default()
	w := newTown(1, 600)
	w.raid(400, 21)
	f := w.findings(t)
	thieves, entered := 0, 0
	for i := range f.Visits {
		v := &f.Visits[i]
		switch tier := v.Tier(&p.Verdict); {
		case v.Device >= crew:
			thieves++
			if tier != Confirmed {
				t.Errorf("a thief is called %q: %+v", tier, *v)
			}
		case v.Device == tester:
			entered++
			if tier < Probable || v.Place < 300 {
				t.Errorf("a tester is called %q: %+v", tier, *v)
			}
		case tier >= Probable:
			t.Errorf("an honest visit is called %v: %+v", tier, *v)
		}
	}
	if thieves != 21 || entered != 21 {
		t.Errorf("%d visits of thieves and %d of testers, want 21 each", thieves, entered)
	}
	if f.Prior <= p.Verdict.PriorMin.Value*1000 || f.Prior > p.Verdict.PriorMax.Value*1000 {
		t.Errorf("the prior is %d per billion", f.Prior)
	}
	if f.Wrong > 1000 {
		t.Errorf("%d thousandths of a visit are said to be wrong", f.Wrong)
	}
	// An account has a user if somebody got in, which nobody did into the ids
	// that were tried in vain.
	if f.Accounts < 550 || f.Accounts > 600 {
		t.Errorf("%d accounts have a user, of 600", f.Accounts)
	}
}

// TestNoIncident checks that where nothing happened the prior stays where it
// is least, and nobody is named.
func TestNoIncident(t *testing.T) {
	p := policy.Default()
	for seed := range uint64(3) {
		f := newTown(100+seed, 1000).findings(t)
		if f.Prior != p.Verdict.PriorMin.Value*1000 || f.Wrong != 0 {
			t.Errorf("seed %d: the prior is %d per billion, %d thousandths wrong", seed, f.Prior, f.Wrong)
		}
		if len(f.Visits) < 150 {
			t.Errorf("seed %d: only %d visits; this tests nothing", seed, len(f.Visits))
		}
		for i := range f.Visits {
			if tier := f.Visits[i].Tier(&p.Verdict); tier >= Possible {
				t.Errorf("seed %d: an honest visit is called %v: %+v", seed, tier, f.Visits[i])
			}
		}
	}
}

// TestLively checks that a row with a stamp far ahead does not move the end of
// a log, and that the end of a log without one stays where it is.
func TestLively(t *testing.T) {
	hour := func(at, n int64) source.Hour { return source.Hour{At: at, Attempts: n} }
	for _, c := range []struct {
		hours []source.Hour
		want  int64
	}{
		{nil, 77 * baseline.Hour},
		{[]source.Hour{hour(1, 900), hour(2, 1100)}, 3 * baseline.Hour},
		{[]source.Hour{hour(1, 900), hour(2, 1100), hour(50_000, 2)}, 3 * baseline.Hour},
		{[]source.Hour{hour(1, 9), hour(2, 1)}, 3 * baseline.Hour},
	} {
		if got := lively(c.hours, 77*baseline.Hour); got != c.want {
			t.Errorf("%v: %d, want %d", c.hours, got, c.want)
		}
	}
}

func TestEmptyLog(t *testing.T) {
	p := policy.Default()
	f := search(t, &event.Log{Parts: event.NewParts(8)}, &p, 2)
	if len(f.Visits) > 0 || f.Prior != p.Verdict.PriorMin.Value*1000 || f.Accounts != 0 {
		t.Errorf("an empty log: %+v", f)
	}
}

func TestSearchIsCancelled(t *testing.T) {
	p := policy.Default()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Search(ctx, newTown(1, 10).log(8, func(k event.Key) int { return int(k % 8) }), &p, nil, 2, nil); err == nil {
		t.Error("a search that was cancelled gave no error")
	}
}

// TestSearchIsExact checks that it cannot be seen in the weights which account
// lay in which partition, nor how many partitions and workers there were, and
// that progress tells of all rows.
func TestSearchIsExact(t *testing.T) {
	p := policy.Default()
	w := newTown(2, 300)
	w.raid(200, 14)
	plain := w.findings(t)
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 12))
		parts, workers := 1<<r.IntN(6), 1+r.IntN(4)
		of := map[event.Key]int{}
		log := w.log(parts, func(k event.Key) int {
			if _, ok := of[k]; !ok {
				of[k] = r.IntN(parts)
			}
			return of[k]
		})
		var rows atomic.Int64
		spread, err := Search(context.Background(), log, &p, nil, workers, func(n int64) { rows.Add(n) })
		if err != nil {
			t.Fatal(err)
		}
		if rows.Load() != log.Rows() {
			t.Errorf("seed %d: progress was told of %d rows, there are %d", seed, rows.Load(), log.Rows())
		}
		if spread.Prior != plain.Prior || spread.Wrong != plain.Wrong || spread.Accounts != plain.Accounts || spread.End != plain.End || len(spread.Visits) != len(plain.Visits) {
			t.Fatalf("seed %d: %d visits, prior %d; want %d, %d", seed, len(spread.Visits), spread.Prior, len(plain.Visits), plain.Prior)
		}
		for i := range spread.Visits {
			got, want := spread.Visits[i], plain.Visits[i]
			if got != want {
				t.Fatalf("seed %d: %d partitions, %d workers: visit %d is\n%+v, want\n%+v", seed, parts, workers, i, got, want)
			}
		}
	}
}

// TestCaps checks that no group of evidence weighs more than the policy lets
// it, and that a total is the sum of its parts.
func TestCaps(t *testing.T) {
	p := policy.Default()
	for seed := range uint64(6) {
		w := newTown(seed, 150)
		w.raid(int(50*seed), 3+int(seed)*2)
		f := w.findings(t)
		prior := odds.Ratio(f.Prior, odds.One-f.Prior)
		for i := range f.Visits {
			v := &f.Visits[i]
			for _, c := range []struct {
				name   string
				weight odds.Centibans
				limit  int64
			}{
				{"place", v.Place, p.Source.CapPlace.Value}, {"visit", v.Visit, p.Attack.CapEach.Value},
				{"conduct", v.Conduct, p.Attack.CapEach.Value}, {"means", v.Means, p.Attack.CapEach.Value},
				{"shared", v.Shared, p.Spread.DeviceCap.Value}, {"company", v.Company, p.Spread.CompanyCap.Value},
			} {
				if c.weight > odds.Centibans(c.limit) || c.weight < -odds.Centibans(c.limit) {
					t.Errorf("seed %d: %s weighs %d, the policy allows %d: %+v", seed, c.name, c.weight, c.limit, *v)
				}
			}
			if v.Total != prior+v.Own()+v.Shared+v.Company || v.Place < 0 || v.Breach < v.Place {
				t.Errorf("seed %d: total %d, prior %d: %+v", seed, v.Total, prior, *v)
			}
		}
		if !slices.IsSortedFunc(f.Visits, compareVisits) {
			t.Errorf("seed %d: visits are not in order", seed)
		}
	}
}

// TestBreach checks whom an entry from an attack source speaks against: those
// who come after it, and not those who were there before.
func TestBreach(t *testing.T) {
	p := policy.Default()
	prior := odds.Centibans(-200)
	hours := func(n int64) int64 { return eventtest.Midnight + n*baseline.Hour }
	for _, c := range []struct {
		name    string
		visitor Visit
		want    odds.Centibans
	}{
		{"soon after, the owner was seen", Visit{First: hours(103), Outcome: [numFeatures]uint8{Arrival: 2}}, odds.Centibans(p.Entry.SoonAfterBreach.Value) - prior},
		{"days after", Visit{First: hours(200), Outcome: [numFeatures]uint8{Arrival: 2}}, odds.Centibans(p.Entry.AfterBreach.Value) - prior},
		{"soon after, nobody was seen", Visit{First: hours(103)}, odds.Centibans(p.Entry.SoonUnseen.Value) - prior},
		{"days after, nobody was seen", Visit{First: hours(200)}, odds.Centibans(p.Entry.AfterUnseen.Value) - prior},
		{"weeks after", Visit{First: hours(100 + 24*15), Outcome: [numFeatures]uint8{Arrival: 2}}, 0},
		{"there before, and still there", Visit{First: hours(50), Last: hours(300), FirstCharge: hours(51), Paid: true, Outcome: [numFeatures]uint8{Arrival: 3}}, 0},
		{"by a source of its own", Visit{First: hours(50), Place: 300}, 300},
		{"by a source of its own that weighs less", Visit{First: hours(103), Place: 20, Outcome: [numFeatures]uint8{Arrival: 2}}, odds.Centibans(p.Entry.SoonAfterBreach.Value) - prior},
	} {
		c.visitor.Account = 1
		visits := []Visit{c.visitor, {Account: 1, First: hours(100), Place: 900}, {Account: 2, First: hours(103)}}
		breach := inherited(&p, prior, visits...)
		if got := breach[c.visitor.First]; got < c.want-1 || got > c.want+1 { // certainty is rounded
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		for _, v := range visits {
			if v.Account == 2 && v.Breach != 0 {
				t.Errorf("%s: another account inherits %d", c.name, v.Breach)
			}
		}
	}
	// A breach counts no more than it weighs itself, and less when its own
	// visit looks honest.
	breach := inherited(&p, prior, Visit{Account: 1, First: hours(103), Outcome: [numFeatures]uint8{Arrival: 2}}, Visit{Account: 1, First: hours(100), Place: 120, Visit: -50})
	if got := breach[hours(103)]; got < 69 || got > 70 {
		t.Errorf("a breach of 120 that looks honest by 50 counts %d, want 70", got)
	}
}

// inherited returns what visits inherit, by when they begin.
func inherited(p *policy.Policy, prior odds.Centibans, visits ...Visit) map[int64]odds.Centibans {
	slices.SortFunc(visits, compareVisits)
	j := judge{p: p, f: &Findings{Visits: visits}, prior: prior.PPB() / 1000,
		belief: make([]int64, len(visits)), counts: make([]int64, len(visits))}
	j.inherit()
	out := map[int64]odds.Centibans{}
	for i := range visits {
		if visits[i].Account == 1 {
			out[visits[i].First] = visits[i].Breach
		}
	}
	return out
}

// TestFollowed checks that one who pays soon after a short visit without
// charges makes a breach of it, where honest people do not come in twos: the
// more, the rarer and the sooner that is.
func TestFollowed(t *testing.T) {
	p := policy.Default()
	prior := odds.Centibans(-200)
	after := func(twos int, lag int64, paid bool) odds.Centibans {
		j := judge{p: &p, f: &Findings{}, prior: prior.PPB() / 1000}
		for n := range event.Key(400) {
			j.f.Visits = append(j.f.Visits, Visit{Account: 10 + n, Outcome: [numFeatures]uint8{Arrival: 2}})
			if int(n) < twos {
				j.f.Visits = append(j.f.Visits, Visit{Account: 10 + n, First: baseline.Hour, Paid: true, Outcome: [numFeatures]uint8{Arrival: 2}})
			}
		}
		w := Visit{Account: 1000, Outcome: [numFeatures]uint8{Arrival: 2}}
		v := Visit{Account: 1000, First: lag, Paid: paid, Outcome: [numFeatures]uint8{Arrival: 2}}
		j.f.Visits = append(j.f.Visits, w, v)
		j.belief, j.counts = make([]int64, len(j.f.Visits)), make([]int64, len(j.f.Visits))
		for i := range j.counts {
			j.counts[i] = 1000
		}
		j.follows()
		j.inherit()
		return j.f.Visits[len(j.f.Visits)-1].Breach
	}
	rare, common, late, unpaid := after(0, baseline.Hour, true), after(40, baseline.Hour, true), after(40, 200*baseline.Hour, true), after(0, baseline.Hour, false)
	if rare < 100 || rare <= common || common < 0 || unpaid != 0 || late < 0 || late > rare {
		t.Errorf("where nobody comes in twos %d, where many do %d, days later %d, without charges %d", rare, common, late, unpaid)
	}
}

// TestPrior checks that the prior is the share of attackers that explains the
// evidence, within its bounds, whatever it was before.
func TestPrior(t *testing.T) {
	p := policy.Default()
	for _, c := range []struct {
		thieves, honest int
		low, high       int64
	}{
		{0, 3000, p.Verdict.PriorMin.Value, p.Verdict.PriorMin.Value},
		{5, 3000, 1400, 1900},
		{60, 3000, 19_000, 20_500},
		{800, 1200, p.Verdict.PriorMax.Value - 1, p.Verdict.PriorMax.Value},
	} {
		for _, old := range []int64{100, 5000, 300_000} {
			j := judge{p: &p, f: &Findings{}, prior: old}
			was := odds.Ratio(old, million-old)
			for i := range c.thieves + c.honest {
				weight := odds.Centibans(-150)
				if i < c.thieves {
					weight = 700
				}
				j.f.Visits = append(j.f.Visits, Visit{Total: was + weight})
			}
			if j.estimate(); j.prior < c.low || j.prior > c.high {
				t.Errorf("%d thieves among %d: a prior of %d per million, want %d to %d", c.thieves, c.honest, j.prior, c.low, c.high)
			}
		}
	}
}

// TestOwnersAreNoStrangersBehindTesters checks that one who comes after a
// tester alone is at home, and that her phone is known as hers where it visits
// another account.
func TestOwnersAreNoStrangersBehindTesters(t *testing.T) {
	w := newTown(3, 400)
	w.raid(400, 5)
	const account, phone, ip = event.Key(20_000), event.Key(77_777), uint32(0xf0700000)
	w.come(account, tester, server, eventtest.Midnight+baseline.Day)
	for day := int64(2); day < 20; day++ {
		w.come(account, phone, ip, eventtest.Midnight+day*baseline.Day)(event.Payment, 700, minute, 1)
	}
	w.come(1, phone, ip, eventtest.Midnight+9*baseline.Day)(event.Payment, 700, minute, 1)
	f := w.findings(t)
	var at *Visit
	for i := range f.Visits {
		v := &f.Visits[i]
		if v.Account == account && v.Device == phone {
			t.Errorf("the owner is a visitor: %+v", *v)
		}
		if v.Account == 1 && v.Device == phone {
			at = v
		}
	}
	if at == nil {
		t.Fatal("the phone's visit to the other account is missing")
	}
	if at.Outcome[Sharing] != 1 || at.Shared >= 0 {
		t.Errorf("the phone is not known as somebody's: sharing %d, shared %d", at.Outcome[Sharing], at.Shared)
	}
}

// TestDevices checks who is counted on a device that several accounts have.
func TestDevices(t *testing.T) {
	visits := []Visit{{Account: 1, Device: 5}, {Account: 2, Device: 5}, {Account: 3, Device: 6}, {Account: 4}, {Account: 5}, {Account: 6, Device: 7}}
	users := []user{{5, 9}, {5, 9}, {6, 3}, {7, 8}, {0, 1}, {8, 10}}
	p := policy.Default()
	groups := devices(visits, users, &p.Entry)
	want := []group{{visits: []int{0, 1}, owners: 1, accounts: 3}, {visits: []int{5}, owners: 1, accounts: 2}}
	if !slices.EqualFunc(groups, want, func(a, b group) bool {
		return slices.Equal(a.visits, b.visits) && a.owners == b.owners && a.accounts == b.accounts
	}) {
		t.Errorf("got %+v, want %+v", groups, want)
	}
}

// TestSharing checks what kind of device many accounts have.
func TestSharing(t *testing.T) {
	p := policy.Default()
	for _, c := range []struct {
		name            string
		accounts, owner int
		apart           int64 // between visits
		addrs           int
		want            uint8
	}{
		{"one other account", 2, 0, baseline.Hour, 1, 1},
		{"a phone that goes through accounts in an evening", 8, 0, baseline.Hour, 1, 3},
		{"in a week, from everywhere", 8, 0, baseline.Day, 8, 3},
		{"a tablet on its line", 8, 0, baseline.Day, 1, 2},
		{"a family's phone, with guests", 5, 1, baseline.Hour, 5, 2},
		{"where addresses are not logged", 8, 0, baseline.Day, 0, 2},
	} {
		var visits []Visit
		var users []user
		for n := range c.accounts {
			v := Visit{Account: event.Key(n + 1), Device: 7, First: int64(n) * c.apart}
			if v.Last = v.First + baseline.Hour/4; c.addrs > 0 {
				v.Addr = event.AddrFrom4(uint32(0x0a000000 + n%c.addrs))
			}
			visits = append(visits, v)
		}
		for n := range c.owner {
			users = append(users, user{7, event.Key(100 + n)})
		}
		g := devices(visits, users, &p.Entry)
		if len(g) != 1 || g[0].sharing() != c.want {
			t.Errorf("%s: %d, want %d", c.name, g[0].sharing(), c.want)
		}
	}
}

// TestShared checks that a visit does not count itself, that no single
// neighbour names anybody, and that worse neighbours never look better.
func TestShared(t *testing.T) {
	p := policy.Default()
	each, limit := odds.Centibans(p.Spread.DeviceEach.Value), odds.Centibans(p.Spread.DeviceCap.Value)
	shared := func(owners int, conducts ...odds.Centibans) odds.Centibans {
		j := judge{p: &p, f: &Findings{}}
		g := group{owners: owners}
		for i, c := range conducts {
			j.f.Visits = append(j.f.Visits, Visit{Account: event.Key(i + 1), Device: 1, Conduct: c})
			g.visits = append(g.visits, i)
		}
		j.belief, j.groups = make([]int64, len(conducts)), []group{g}
		j.company()
		return j.f.Visits[0].Shared
	}
	for _, c := range []struct {
		owners   int
		conducts []odds.Centibans
		want     odds.Centibans
	}{
		{0, []odds.Centibans{900}, 0},
		{0, []odds.Centibans{0, 40}, 40},
		{0, []odds.Centibans{0, 900}, each},
		{0, []odds.Centibans{0, -900}, -each},
		{1, []odds.Centibans{900}, -each},
		{1, []odds.Centibans{0, 900}, 0},
		{0, []odds.Centibans{0, 900, 900, 900, 900}, limit},
		{500, []odds.Centibans{0}, -limit},
	} {
		if got := shared(c.owners, c.conducts...); got != c.want {
			t.Errorf("%d owners, %v: %d, want %d", c.owners, c.conducts, got, c.want)
		}
	}
	r := rand.New(rand.NewPCG(1, 13))
	for range 2000 {
		conducts := make([]odds.Centibans, 2+r.IntN(5))
		for i := range conducts {
			conducts[i] = odds.Centibans(r.IntN(600) - 300)
		}
		owners := r.IntN(3)
		before := shared(owners, conducts...)
		conducts[1+r.IntN(len(conducts)-1)] += odds.Centibans(r.IntN(200))
		if after := shared(owners, conducts...); after < before {
			t.Fatalf("%d owners, %v: %d, before %d", owners, conducts, after, before)
		}
		conducts[0] += odds.Centibans(r.IntN(400) - 200)
		if after := shared(owners, conducts...); after < before {
			t.Fatalf("a visit counts itself: %d, before %d", after, before)
		}
	}
}

// TestMeeting checks for places where somebody else is met that another thief
// never makes them look better, another honest visit never worse, and that a
// visit does not count itself. The share that is owed to chance grows with the
// place, which may cost a tenth of a ban.
func TestMeeting(t *testing.T) {
	const slack = odds.Centibans(10)
	p := policy.Default()
	r := rand.New(rand.NewPCG(1, 14))
	for range 200_000 {
		m := meeting{r.Int64N(1<<r.IntN(8)) * million, r.Int64N(1<<r.IntN(8)) * million}
		all := meeting{m.thieves + r.Int64N(1<<r.IntN(10))*million, m.honest + r.Int64N(1<<r.IntN(13))*million}
		if m == (meeting{}) {
			continue
		}
		// seen is the weight for a visit of the belief given that meets the
		// others and so many more.
		seen := func(belief, thieves, honest int64) odds.Centibans {
			thieves, honest = thieves+belief, honest+million-belief
			m := meeting{m.thieves + thieves, m.honest + honest}
			return m.weight(&meeting{all.thieves + thieves, all.honest + honest}, &meeting{belief, million - belief}, &p.Spread)
		}
		plain := seen(0, 0, 0)
		if got := seen(0, million, 0); got < plain-slack {
			t.Fatalf("%v of %v: %d, with one more thief %d", m, all, plain, got)
		}
		if got := seen(0, 0, million); got > plain+slack {
			t.Fatalf("%v of %v: %d, with one more honest visit %d", m, all, plain, got)
		}
		if got := seen(r.Int64N(million+1), 0, 0); got != plain {
			t.Fatalf("%v of %v: %d, and %d when the visit is believed in", m, all, plain, got)
		}
	}
}
