package campaign_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/campaign"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// visit is a visit with some outcomes: feature, outcome, feature, outcome, …
func visit(pairs ...uint8) *takeover.Visit {
	var v takeover.Visit
	for i := 0; i < len(pairs); i += 2 {
		v.Outcome[pairs[i]] = pairs[i+1]
	}
	return &v
}

// place is a place of the attack with a weight that speaks.
func place(kind source.Kind, accounts, failures, unknown, entries int64) *source.Cell {
	return &source.Cell{Place: source.Place{Kind: kind, Hour: source.AllHours, Value: 1},
		Accounts: accounts, Failures: failures, Unknown: unknown, Entries: entries, Weight: 300}
}

// alike returns an attack that is one place, or many like it.
func alike(c *source.Cell) *campaign.Tried {
	var t campaign.Tried
	if c == nil {
		return &t
	}
	all := source.Tally{Tries: c.Failures, Unknown: c.Unknown, Accounts: max(c.Accounts-c.Unknown, 1)}
	if c.Kind == source.Addr || c.Kind == source.Net {
		t.Single = all
	} else {
		t.Spread = all
	}
	return &t
}

func TestOf(t *testing.T) {
	p := policy.Default()
	quiet := place(source.Addr, 1000, 900, 800, 10)
	quiet.Weight = 99
	for _, c := range []struct {
		name  string
		visit *takeover.Visit
		place *source.Cell
		want  campaign.Vector
	}{
		{"nothing shows", visit(), nil, campaign.Undetermined},
		{"a few failures show nothing", visit(takeover.Failed, 1), nil, campaign.Undetermined},
		{"a session of another's", visit(takeover.Session, 1), place(source.Addr, 1000, 900, 800, 10), campaign.SessionTheft},
		{"an external identity", visit(takeover.External, 1), nil, campaign.ExternalLogin},
		{"bank accounts guessed at", visit(takeover.Linking, 2), nil, campaign.ReverseBruteForce},
		{"a card mistyped", visit(takeover.Linking, 1), nil, campaign.Undetermined},
		{"a reset", visit(takeover.Change, 1), nil, campaign.PasswordReset},
		{"many tries on the account", visit(takeover.Failed, 2), nil, campaign.BruteForce},
		{"many more on the account, through proxies", visit(takeover.Failed, 3), place(source.ASN, 1000, 3000, 299, 10), campaign.BruteForce},
		{"no more on the account than a wave makes", visit(takeover.Failed, 2), place(source.ASN, 1000, 3000, 299, 10), campaign.Spraying},
		{"a reset after an entry from a list is part of the list", visit(takeover.Change, 1), place(source.Addr, 1000, 990, 800, 10), campaign.ListType},
		{"a place that does not speak is none", visit(takeover.Change, 1), quiet, campaign.PasswordReset},

		{"a list from one server", visit(), place(source.Addr, 1000, 990, 800, 10), campaign.ListType},
		{"from a network", visit(), place(source.Net, 1000, 990, 300, 10), campaign.ListType},
		{"by a common program", visit(), place(source.Agent, 1000, 990, 800, 10), campaign.ListDistributed},
		{"through an operator", visit(), place(source.ASN, 1000, 990, 800, 10), campaign.ListDistributed},
		{"in a bad hour", visit(), place(source.Service, 1000, 990, 500, 10), campaign.ListDistributed},
		{"five and more tries an account", visit(), place(source.Addr, 100, 500, 400, 0), campaign.BruteForce},
		{"one's own customers, three tries each", visit(), place(source.Addr, 1000, 3000, 299, 10), campaign.Spraying},
		{"one's own customers, one try each", visit(), place(source.Addr, 1000, 990, 0, 10), campaign.ReverseBruteForce},
		{"three tries for two are one too few", visit(), place(source.Addr, 1000, 1500, 0, 10), campaign.ReverseBruteForce},
		{"an address with no more tries than a proxy makes", visit(), place(source.Addr, 15, 14, 10, 1), campaign.ListDistributed},
		{"nobody was tried", visit(), place(source.Addr, 0, 0, 0, 0), campaign.ListDistributed},
	} {
		if got := campaign.Of(c.visit, c.place, alike(c.place), &p); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// member is member i of a test: an account taken over in minute i.
func member(i int, device event.Key, at source.Place, v campaign.Vector, stores ...event.Key) campaign.Member {
	return campaign.Member{Account: event.Key(100 + i), At: int64(i) * 60e6, Device: device, Place: at, Stores: stores, Vector: v}
}

var (
	none   source.Place
	server = source.Place{Kind: source.Addr, Hour: source.AllHours, Value: 7}
	other  = source.Place{Kind: source.Addr, Hour: source.AllHours, Value: 8}
	subnet = source.Place{Kind: source.Net, Hour: source.AllHours, Value: 7}
	agent9 = source.Place{Kind: source.Agent, Hour: 9, Value: 70}
	hour10 = source.Place{Kind: source.Service, Hour: 10}
)

func TestGroup(t *testing.T) {
	const u, l, b = campaign.Undetermined, campaign.ListType, campaign.BruteForce
	p := policy.Default()
	for _, c := range []struct {
		name    string
		members []campaign.Member
		of      []int
		vectors []campaign.Vector
	}{
		{"nobody", nil, []int{}, nil},
		{"strangers to each other", []campaign.Member{member(0, 1, none, u), member(1, 2, none, l), member(2, 0, none, b)}, []int{0, 1, 2}, []campaign.Vector{u, l, b}},
		{"one device", []campaign.Member{member(0, 1, none, l), member(1, 1, none, l)}, []int{0, 0}, []campaign.Vector{l}},
		{"no device is no link", []campaign.Member{member(0, 0, none, l), member(1, 0, none, l)}, []int{0, 1}, []campaign.Vector{l, l}},
		{"one server", []campaign.Member{member(0, 1, server, l), member(1, 2, server, l), member(2, 3, other, l)}, []int{0, 0, 1}, []campaign.Vector{l, l}},
		{"an address and a network of the same value are two", []campaign.Member{member(0, 1, server, l), member(1, 2, subnet, l)}, []int{0, 1}, []campaign.Vector{l, l}},
		{"a distributed attack is one, whatever the hour", []campaign.Member{member(0, 1, agent9, l), member(1, 2, hour10, l)}, []int{0, 0}, []campaign.Vector{l}},
		{"two may meet in a shop", []campaign.Member{member(0, 1, none, l, 5), member(1, 2, none, l, 5)}, []int{0, 1}, []campaign.Vector{l, l}},
		{"three do not by chance", []campaign.Member{member(0, 1, none, l, 5), member(1, 2, none, l, 6, 5), member(2, 3, none, l, 5)}, []int{0, 0, 0}, []campaign.Vector{l}},
		{"a shop and a device of one value are two", []campaign.Member{member(0, 5, none, l), member(1, 2, none, l, 5), member(2, 3, none, l, 5)}, []int{0, 1, 2}, []campaign.Vector{l, l, l}},
		{"a chain", []campaign.Member{member(0, 1, none, l), member(1, 1, server, l), member(2, 2, server, l), member(3, 2, none, l)}, []int{0, 0, 0, 0}, []campaign.Vector{l}},
		{"numbered by the first takeover", []campaign.Member{member(5, 1, none, b), member(1, 2, none, l), member(3, 1, none, b)}, []int{1, 0, 1}, []campaign.Vector{l, b}},
		{"the vector of most", []campaign.Member{member(0, 1, none, l), member(1, 1, none, b), member(2, 1, none, b)}, []int{0, 0, 0}, []campaign.Vector{b}},
		{"those who show nothing do not decide", []campaign.Member{member(0, 1, none, u), member(1, 1, none, u), member(2, 1, none, l)}, []int{0, 0, 0}, []campaign.Vector{l}},
		{"unless they are too many", []campaign.Member{member(0, 1, none, u), member(1, 1, none, u), member(2, 1, none, u), member(3, 1, none, l)}, []int{0, 0, 0, 0}, []campaign.Vector{u}},
	} {
		of, vectors := campaign.Group(c.members, &p)
		if !slices.Equal(of, c.of) || !slices.Equal(vectors, c.vectors) {
			t.Errorf("%s: %v %v, want %v %v", c.name, of, vectors, c.of, c.vectors)
		}
	}
}

// random makes members that share devices, places and shops.
func random(r *rand.Rand) []campaign.Member {
	places := []source.Place{none, none, none, server, other, subnet, agent9, hour10}
	members := make([]campaign.Member, r.IntN(40))
	for i := range members {
		m := &members[i]
		m.Account, m.At, m.Vector = event.Key(1000+i), int64(r.IntN(20)), campaign.Vector(r.IntN(10))
		m.Place = places[r.IntN(len(places))]
		if r.IntN(2) == 0 {
			m.Device = event.Key(1 + r.IntN(30))
		}
		for range r.IntN(3) {
			if s := event.Key(1 + r.IntN(25)); !slices.Contains(m.Stores, s) {
				m.Stores = append(m.Stores, s)
			}
		}
	}
	return members
}

// linked reports whether two members share a link, as one would say it.
func linked(a, b *campaign.Member, members []campaign.Member) bool {
	single := func(p source.Place) bool { return p.Kind == source.Addr || p.Kind == source.Net }
	switch {
	case a.Device != 0 && a.Device == b.Device:
		return true
	case a.Place.Kind != 0 && b.Place.Kind != 0 && (a.Place == b.Place || !single(a.Place) && !single(b.Place)):
		return true
	}
	for _, s := range a.Stores {
		n := 0
		for i := range members {
			if slices.Contains(members[i].Stores, s) {
				n++
			}
		}
		if n >= 3 && slices.Contains(b.Stores, s) {
			return true
		}
	}
	return false
}

// write lists the accounts of each campaign with its vector.
func write(members []campaign.Member, of []int, vectors []campaign.Vector) string {
	out := make([]string, len(vectors))
	for n, v := range vectors {
		var accounts []event.Key
		for i := range members {
			if of[i] == n {
				accounts = append(accounts, members[i].Account)
			}
		}
		slices.Sort(accounts)
		out[n] = fmt.Sprint(v, accounts)
	}
	return strings.Join(out, "\n")
}

// TestGroupIsTheClosureOfLinks checks that members are together exactly when a
// chain of links leads from one to the other, that campaigns come in the order
// of their first takeover, and that the order of members cannot be seen.
func TestGroupIsTheClosureOfLinks(t *testing.T) {
	p := policy.Default()
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 31))
		members := random(r)
		of, vectors := campaign.Group(members, &p)
		reach := make([][]bool, len(members))
		for i := range members {
			reach[i] = make([]bool, len(members))
			for j := range members {
				reach[i][j] = i == j || linked(&members[i], &members[j], members)
			}
		}
		for k := range members {
			for i := range members {
				for j := range members {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		first := make([]int64, len(vectors))
		for n := range first {
			first[n] = 1 << 62
		}
		for i := range members {
			first[of[i]] = min(first[of[i]], members[i].At)
			for j := range members {
				if reach[i][j] != (of[i] == of[j]) {
					t.Fatalf("seed %d: %+v and %+v: linked %v, together %v", seed, members[i], members[j], reach[i][j], of[i] == of[j])
				}
			}
		}
		if !slices.IsSorted(first) {
			t.Fatalf("seed %d: first takeovers %v", seed, first)
		}
		before := write(members, of, vectors)
		r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		of, vectors = campaign.Group(members, &p)
		if after := write(members, of, vectors); after != before {
			t.Fatalf("seed %d: in one order\n%s\nin another\n%s", seed, before, after)
		}
	}
}

func TestWords(t *testing.T) {
	codes := map[string]bool{}
	for _, v := range campaign.Vectors() {
		if v.String() == "" || v.Doc() == "" || codes[v.String()] {
			t.Errorf("vector %d is %q: %q", v, v, v.Doc())
		}
		codes[v.String()] = true
	}
}

// TestLeaked checks that entries without any failure speak as an excess alone.
func TestLeaked(t *testing.T) {
	p := policy.Default()
	tried := func(existing int64) *campaign.Tried {
		return &campaign.Tried{Single: source.Tally{Tries: existing + 5000, Unknown: 5000, Accounts: existing}}
	}
	for _, c := range []struct {
		name         string
		without, all int64
		tries        int64
		want         bool
	}{
		{"one account", 1, 1, 0, false},
		{"four", 4, 4, 0, false},
		{"five", 5, 5, 0, true},
		{"half of all", 10, 20, 0, false},
		{"most of all", 11, 20, 0, true},
		{"a list with a hit rate as good as phishing's", 60, 60, 180, false},
		{"better than that", 60, 60, 179, true},
		{"a list", 60, 60, 3000, false},
	} {
		if got := campaign.Leaked(c.without, c.all, tried(c.tries), &p); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	storm := &campaign.Tried{Spread: source.Tally{Tries: 282, Accounts: 1, Most: 282}}
	if !campaign.Leaked(46, 51, storm, &p) {
		t.Error("a client that repeats an old password is taken for a list")
	}
}

// TestFigures checks what speaks for and against the ways in.
func TestFigures(t *testing.T) {
	p := policy.Default()
	if got := (&campaign.Tried{}).Figures(&campaign.Entered{}, &p); got != nil {
		t.Errorf("nothing was tried: %+v", got)
	}
	list := campaign.Tried{Single: source.Tally{Tries: 10_000, Unknown: 8000, Accounts: 1900, Twice: 1890}}
	spray := campaign.Tried{Spread: source.Tally{Tries: 12_000, Unknown: 1000, Accounts: 2000, Twice: 10, External: 1}}
	for _, c := range []struct {
		name  string
		tried *campaign.Tried
		code  string
		of    campaign.Vector
		want  bool
	}{
		{"a list", &list, "unknown_ids", campaign.ListType, true},
		{"a list", &list, "unknown_ids", campaign.Spraying, false},
		{"a list", &list, "once_or_twice", campaign.ListType, true},
		{"a list", &list, "from_servers", campaign.ListType, true},
		{"a list", &list, "from_servers", campaign.ListDistributed, false},
		{"spraying", &spray, "unknown_ids", campaign.ListDistributed, false},
		{"spraying", &spray, "once_or_twice", campaign.Spraying, true},
		{"spraying", &spray, "tries_per_account", campaign.ReverseBruteForce, false},
		{"spraying", &spray, "tries_per_account", campaign.BruteForce, false},
		{"spraying", &spray, "external_tries", campaign.ExternalLogin, false},
	} {
		found := false
		for _, f := range c.tried.Figures(&campaign.Entered{}, &p) {
			if campaign.FigureDocs[f.Code] == "" {
				t.Errorf("%s is not documented", f.Code)
			}
			if f.Code == c.code && f.Vector == c.of {
				if found = true; f.For != c.want {
					t.Errorf("%s: %s for %v is %v: %+v", c.name, c.code, c.of, f.For, f)
				}
			}
		}
		if !found {
			t.Errorf("%s: %s says nothing of %v", c.name, c.code, c.of)
		}
	}
}

// TestFiguresOfEntries checks what the entered accounts say of the ways in, and
// what a log that lacks columns does not say.
func TestFiguresOfEntries(t *testing.T) {
	p := policy.Default()
	list := campaign.Tried{Single: source.Tally{Tries: 10_000, Unknown: 8000, Accounts: 1900, Twice: 1890}}
	entered := campaign.Entered{All: 100, Tried: 90, Quick: 88, Without: 4, Change: 2, Servers: 9800, Logged: true}
	leaked := campaign.Entered{All: 100, Without: 97, Logged: true}
	reset := campaign.Entered{All: 100, Change: 80, Without: 20, Logged: true}
	untold, unplaced := list, list
	untold.Untold, unplaced.Unplaced = true, true
	for _, c := range []struct {
		name    string
		tried   campaign.Tried
		entered campaign.Entered
		code    string
		of      campaign.Vector
		want    string
	}{
		{"a list", list, entered, "first_or_second_try", campaign.ListType, "for"},
		{"a list", list, entered, "first_or_second_try", campaign.BruteForce, "against"},
		{"a list", list, entered, "high_failure", campaign.ListType, "for"},
		{"a list", list, entered, "high_failure", campaign.ListDistributed, "against"},
		{"a list", list, entered, "hit_rate", campaign.ListType, "for"},
		{"a list", list, entered, "hit_rate", campaign.Leak, "against"},
		{"a list", list, entered, "without_failure", campaign.Leak, "against"},
		{"a leak", campaign.Tried{}, leaked, "hit_rate", campaign.Leak, "for"},
		{"a leak", campaign.Tried{}, leaked, "without_failure", campaign.Leak, "for"},
		{"a leak", campaign.Tried{}, leaked, "unknown_ids", campaign.ListType, ""},
		{"one account without failures", campaign.Tried{}, campaign.Entered{All: 1, Without: 1, Logged: true}, "without_failure", campaign.Leak, ""},
		{"no failures logged", campaign.Tried{}, campaign.Entered{All: 100, Without: 100}, "without_failure", campaign.Leak, ""},
		{"resets", campaign.Tried{}, reset, "reset_entries", campaign.PasswordReset, "for"},
		{"no reasons", untold, entered, "unknown_ids", campaign.ListType, ""},
		{"no reasons", untold, entered, "once_or_twice", campaign.ListType, "for"},
		{"no addresses", unplaced, entered, "from_servers", campaign.ListType, ""},
		{"no addresses", unplaced, entered, "high_failure", campaign.ListDistributed, ""},
	} {
		got := ""
		for _, f := range c.tried.Figures(&c.entered, &p) {
			if campaign.FigureDocs[f.Code] == "" || campaign.FigureNames[f.Code] == "" || f.From == "" || f.N < 0 || f.N > f.Of && f.Code != "tries_per_account" {
				t.Errorf("%s: %+v", c.name, f)
			}
			if at := f.PerMille() >= f.Bound; f.For != (at != f.Below) {
				t.Errorf("%s: %+v speaks on the wrong side", c.name, f)
			}
			if f.Code == c.code && f.Vector == c.of {
				got = map[bool]string{true: "for", false: "against"}[f.For]
			}
		}
		if got != c.want {
			t.Errorf("%s: %s speaks %q of %v, want %q", c.name, c.code, got, c.of, c.want)
		}
	}
	for _, c := range []struct {
		tried   campaign.Tried
		entered campaign.Entered
		want    campaign.Vector
	}{{list, entered, campaign.ListType}, {campaign.Tried{}, leaked, campaign.Leak}, {campaign.Tried{}, reset, campaign.PasswordReset}} {
		s := campaign.Standings(c.tried.Figures(&c.entered, &p))
		if len(s) == 0 || s[0].Vector != c.want || s[0].For < s[len(s)-1].For || s[0].For+s[0].Against != len(s[0].Figures) {
			t.Errorf("first is %+v, want %v", s, c.want)
		}
	}
	if s := campaign.Standings(nil); s != nil {
		t.Errorf("of nothing: %+v", s)
	}
}

// TestUntold checks that where the log does not tell ids that do not exist, a list
// is not told from one password for all, and guessing still is.
func TestUntold(t *testing.T) {
	p := policy.Default()
	for _, c := range []struct {
		name  string
		tally source.Tally
		place *source.Cell
		want  campaign.Vector
	}{
		{"one try an account", source.Tally{Tries: 1000, Accounts: 990, Twice: 990}, place(source.Addr, 990, 1000, 0, 3), campaign.Undetermined},
		{"two tries an account", source.Tally{Tries: 2000, Accounts: 1000, Twice: 950}, place(source.Addr, 1000, 2000, 0, 3), campaign.Undetermined},
		{"a few tries on each", source.Tally{Tries: 4000, Accounts: 1000, Twice: 10}, place(source.Addr, 1000, 4000, 0, 3), campaign.Spraying},
		{"hundreds on each", source.Tally{Tries: 4000, Accounts: 10}, place(source.Addr, 10, 4000, 0, 3), campaign.BruteForce},
	} {
		tried := campaign.Tried{Single: c.tally, Untold: true}
		if got := campaign.Of(visit(), c.place, &tried, &p); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	proxies := campaign.Tried{Spread: source.Tally{Tries: 1000, Unknown: 800, Accounts: 200, Twice: 200}, Unplaced: true}
	if got := campaign.Of(visit(), place(source.Agent, 1000, 1000, 800, 3), &proxies, &p); got != campaign.ListType {
		t.Errorf("a list without addresses: %v", got)
	}
}
