package takeover

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// addrText writes the address of a town as text.
func addrText(a event.Addr) string {
	return fmt.Sprintf("%d.%d.%d.%d", byte(a>>24), byte(a>>16), byte(a>>8), byte(a))
}

// listed returns a town that was raided, searched with a list.
func listed(t testing.TB, p *policy.Policy, bad ...event.Indicator) *Examination {
	t.Helper()
	w := newTown(7, 300)
	w.raid(900, 25)
	x, err := Examine(context.Background(), w.log(4, func(a event.Key) int { return int(a % 4) }), p, bad, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestListed tests that what others listed weighs what the policy says, less
// where honest accounts use it too, and is explained to the last centiban.
func TestListed(t *testing.T) {
	p := policy.Default()
	p.Source.ListedThieves.Value = 2 // in a town of homes few share an address
	plain := examined(t, &p)
	own := map[event.Addr]map[event.Key]bool{} // accounts at an address, but for visitors
	for part, err := range plain.log.Parts.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range part.Logins {
			visitor := slices.ContainsFunc(plain.Visits, func(v Visit) bool { return v.Account == l.Account && v.Device == l.Device })
			if l.Outcome() != event.Failure && !visitor {
				if own[l.Addr] == nil {
					own[l.Addr] = map[event.Key]bool{}
				}
				own[l.Addr][l.Account] = true
			}
		}
	}
	seen := map[event.Addr]bool{}
	var bad []event.Indicator
	for i := range plain.Visits {
		if a := plain.Visits[i].Addr; !seen[a] {
			seen[a] = true
			bad = append(bad, event.Indicator{Kind: "ip", Value: addrText(a)})
		}
	}
	x := listed(t, &p, bad...)
	weights := map[odds.Centibans]bool{}
	for i := range x.Visits {
		v := &x.Visits[i]
		want := odds.Clamp(odds.Ratio(p.Source.ListedThieves.Value, int64(len(own[v.Addr]))+1), 0, odds.Centibans(p.Source.ListedCap.Value))
		if v.Listed != want {
			t.Errorf("visit %d at %s: %d, want %d for %d accounts", i, addrText(v.Addr), v.Listed, want, len(own[v.Addr]))
		}
		weights[v.Listed] = true
		if slices.Contains(v.Reasons(&p), KnownBad) != (want > 0) {
			t.Errorf("visit %d: reasons %v", i, v.Reasons(&p))
		}
		e := x.Explain(i)
		if problem := adds(&e); problem != "" {
			t.Errorf("visit %d: %s", i, problem)
		}
		group := slices.IndexFunc(e.Groups, func(g Group) bool { return g.Name == "listed" })
		if v.Listed > 0 && (group < 0 || len(e.Groups[group].Parts) != 1 || !strings.Contains(e.Groups[group].Parts[0].Seen, "ip "+addrText(v.Addr))) {
			t.Errorf("visit %d: what others listed is not told: %+v", i, e.Groups)
		}
		if again := x.again(x.within(i), i, true, nil); again != *v {
			t.Errorf("visit %d: weighed again %+v\nwant %+v", i, again, *v)
		}
	}
	if len(weights) < 2 {
		t.Errorf("all weigh %v", weights)
	}
	if c := x.Listing.Count(); c.Given != int64(len(bad)) || c.Seen != c.Given {
		t.Errorf("%+v of %d", c, len(bad))
	}
}

// TestListedChangesNothing tests that a list of which nothing fits changes
// nothing, and that none is asked of no list.
func TestListedChangesNothing(t *testing.T) {
	p := policy.Default()
	want := examined(t, &p).Visits
	long := time.UnixMicro(1).UnixMicro()
	for name, bad := range map[string][]event.Indicator{
		"nothing":    nil,
		"others":     {{Kind: "ip", Value: "198.51.100.7"}, {Kind: "user_agent", Value: "nobody's"}, {Kind: "nonsense", Value: "x"}, {Kind: "ip", Value: "x"}},
		"outdated":   {{Kind: "network", Value: "0.0.0.0/1", Until: long}, {Kind: "network", Value: "128.0.0.0/1", Until: long}},
		"everywhere": {{Kind: "network", Value: "0.0.0.0/1"}, {Kind: "network", Value: "128.0.0.0/1"}},
	} {
		got := listed(t, &p, bad...)
		if !reflect.DeepEqual(got.Visits, want) {
			t.Errorf("%s: the visits differ", name)
		}
		c := got.Listing.Count()
		if name == "everywhere" && c.Shared == 0 || name == "others" && (c.Given != 2 || c.Seen != 0) {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// TestListedNamesNobody tests that a listing alone makes nobody probable who
// looks like an honest newcomer.
func TestListedNamesNobody(t *testing.T) {
	p := policy.Default()
	w := newTown(3, 300)
	log := w.log(1, func(event.Key) int { return 0 })
	plain := search(t, log, &p, 1)
	var bad []event.Indicator
	for i := range plain.Visits {
		bad = append(bad, event.Indicator{Kind: "ip", Value: addrText(plain.Visits[i].Addr)})
	}
	f, err := Search(context.Background(), log, &p, bad, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	weighed := 0
	for i := range f.Visits {
		if f.Visits[i].Listed > 0 {
			weighed++
		}
		if tier := f.Visits[i].Tier(&p.Verdict); tier >= Probable {
			t.Errorf("visit %d is %s: %+v", i, tier, f.Visits[i])
		}
	}
	if weighed == 0 {
		t.Error("nobody was listed")
	}
}

// TestListedOnce tests that of what is listed twice the longer validity holds.
func TestListedOnce(t *testing.T) {
	for _, c := range []struct{ until, want []int64 }{{[]int64{5, 9, 7}, []int64{9}}, {[]int64{5, 0, 7}, []int64{0}}, {[]int64{0, 5}, []int64{0}}} {
		var bad []event.Indicator
		for _, u := range c.until {
			bad = append(bad, event.Indicator{Kind: "ip", Value: "192.0.2.1", Until: u})
		}
		l := newListing(bad)
		if len(l.entries) != 1 || l.entries[0].Until != c.want[0] {
			t.Errorf("%v: %+v, want %v", c.until, l.entries, c.want)
		}
	}
}
