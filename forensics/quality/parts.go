package quality

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Tier says how many of the accounts that the case gives a tier are right.
type Tier struct {
	Tier    string `json:"tier"`
	Robbed  Share  `json:"victims"`   // of those called robbed
	Entered Share  `json:"takeovers"` // of those called entered
	// Promise is the least share that the tier stands for, none for possible.
	Promise Rate `json:"promise"`
	// Kept says whether what is counted bears the promise out: yes where the
	// whole interval of Entered does, no where none of it does, else open.
	Kept string `json:"kept"`
}

// tiers looks at each tier by itself.
func (e *evaluation) tiers() {
	for _, tier := range [...]takeover.Tier{takeover.Confirmed, takeover.Probable, takeover.Possible} {
		t := Tier{Tier: tier.String()}
		for _, a := range e.accounts {
			if a.victim == tier {
				t.Robbed.count(a.robbed)
			}
			if a.tier() == tier {
				t.Entered.count(a.isEntered())
			}
		}
		switch tier {
		case takeover.Confirmed:
			t.Promise = rate(99, 100)
		case takeover.Probable:
			t.Promise = rate(19, 20)
		}
		t.Kept = kept(t.Entered, t.Promise)
		e.out.Tiers = append(e.out.Tiers, t)
	}
}

func kept(s Share, promise Rate) string {
	low, high := s.Wilson()
	switch {
	case !promise.Known():
		return ""
	case !low.Known():
		return "open"
	case low.Compare(promise) >= 0:
		return "yes"
	case high.Compare(promise) < 0:
		return "no"
	}
	return "open"
}

// A Role says what the case calls the accounts of one role.
type Role struct {
	Role      string `json:"role"`
	Accounts  int64  `json:"accounts"`
	Confirmed int64  `json:"confirmed"`
	Probable  int64  `json:"probable"`
	Possible  int64  `json:"possible"`
	NotNamed  int64  `json:"not_named"`
}

func (r *Role) add(tier takeover.Tier) {
	r.Accounts++
	switch tier {
	case takeover.Confirmed:
		r.Confirmed++
	case takeover.Probable:
		r.Probable++
	case takeover.Possible:
		r.Possible++
	default:
		r.NotNamed++
	}
}

// roles counts takeovers by role and tier.
func (e *evaluation) roles() {
	rows := make([]Role, numRoles)
	for i := range rows {
		rows[i].Role = RoleWord(i).String()
	}
	for _, a := range e.accounts {
		rows[a.role()].add(a.tier())
	}
	e.out.Roles = slices.DeleteFunc(rows, func(r Role) bool { return r.Accounts == 0 })
}

// A Vector says what became of the accounts that were entered by one way in.
type Vector struct {
	Vector    string `json:"way_in"`
	Takeovers Share  `json:"takeovers"` // named as entered, of those entered
	Victims   Share  `json:"victims"`   // named as robbed, of those robbed
	Right     Share  `json:"way_right"` // given this way in, of those named
}

// A Confusion counts accounts by the way in that is true and the one that the
// case says, among those that were entered.
type Confusion struct {
	True     string `json:"true"`
	Said     string `json:"said"`
	Accounts int64  `json:"accounts"`
}

// A Campaign says what a campaign of the case is made of, possible accounts
// left out.
type Campaign struct {
	Campaign string `json:"campaign_id"`
	Said     string `json:"said"`
	Entered  Share  `json:"entered"` // accounts that somebody got into
	True     string `json:"true"`    // the way into most of them
	Agree    Share  `json:"agree"`   // of those entered, by that way
}

// notNamed stands for the way in that the case says of accounts it does not
// name.
const notNamed = "(not named)"

// sameVector lists words of the truth for which a case has others.
var sameVector = map[string]string{"leak": "leak_or_insider"}

// trueVector returns the true way in by the word that a case has for it.
func (a *account) trueVector() string {
	if a.truth == nil || a.truth.Vector == "" {
		return "(none given)"
	}
	if word, ok := sameVector[a.truth.Vector]; ok {
		return word
	}
	return a.truth.Vector
}

// vectors compares the ways in.
func (e *evaluation) vectors() {
	if !e.t.HasVector {
		e.unanswered("which ways in are right", columnAbsent("vector"))
		return
	}
	byWay := map[string]*Vector{}
	said := map[[2]string]int64{}
	for _, a := range e.accounts {
		if !a.isEntered() {
			continue
		}
		way := a.trueVector()
		v := byWay[way]
		if v == nil {
			v = &Vector{Vector: way}
			byWay[way] = v
		}
		named := a.tier() >= takeover.Probable
		v.Takeovers.count(named)
		if a.isVictim() {
			v.Victims.count(a.victim >= takeover.Probable)
		}
		word := notNamed
		if named {
			word = a.taken.Vector
			v.Right.count(word == way)
		}
		said[[2]string{way, word}]++
	}
	for _, v := range byWay {
		e.out.Vectors = append(e.out.Vectors, *v)
	}
	slices.SortFunc(e.out.Vectors, func(a, b Vector) int { return cmp.Compare(a.Vector, b.Vector) })
	for k, n := range said {
		e.out.Confusion = append(e.out.Confusion, Confusion{k[0], k[1], n})
	}
	slices.SortFunc(e.out.Confusion, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(a.True, b.True), cmp.Compare(b.Accounts, a.Accounts), cmp.Compare(a.Said, b.Said))
	})
	e.campaigns()
}

// campaigns looks at each campaign of the case. The way in of most of its
// accounts is its own.
func (e *evaluation) campaigns() {
	type group struct {
		Campaign
		ways, said map[string]int64
	}
	groups := map[string]*group{}
	for _, a := range e.accounts {
		if a.tier() < takeover.Probable {
			continue
		}
		g := groups[a.taken.Campaign]
		if g == nil {
			g = &group{Campaign: Campaign{Campaign: a.taken.Campaign}, ways: map[string]int64{}, said: map[string]int64{}}
			groups[a.taken.Campaign] = g
		}
		g.said[a.taken.Vector]++
		if g.Entered.count(a.isEntered()); a.isEntered() {
			g.ways[a.trueVector()]++
		}
	}
	for _, g := range groups {
		g.Said, _ = most(g.said)
		g.True, g.Agree.Part = most(g.ways)
		g.Agree.Whole = g.Entered.Part
		e.out.Campaigns = append(e.out.Campaigns, g.Campaign)
	}
	slices.SortFunc(e.out.Campaigns, func(a, b Campaign) int {
		return cmp.Or(cmp.Compare(b.Entered.Whole, a.Entered.Whole), cmp.Compare(a.Campaign, b.Campaign))
	})
}

// most returns the word that is counted most, the first of several.
func most(counts map[string]int64) (word string, n int64) {
	for w, c := range counts {
		if c > n || c == n && w < word {
			word, n = w, c
		}
	}
	return word, n
}

// A Lookalike says how many honest accounts with a harmless trait are named.
type Lookalike struct {
	Kind     string `json:"lookalike"`
	Named    Share  `json:"named"`    // confirmed or probable takeovers
	Possible Share  `json:"possible"` // possible ones
}

// lookalikes counts honest accounts by their traits. An account with several
// is in several rows; the first row is all of them together.
func (e *evaluation) lookalikes() {
	if !e.t.HasLookalike {
		e.unanswered("which honest accounts are named for what they look like", columnAbsent("lookalike"))
		return
	}
	all := Lookalike{Kind: "all honest accounts that are listed"}
	byKind := map[string]*Lookalike{}
	for _, a := range e.accounts {
		if a.truth == nil || a.isEntered() || a.role() == MuleRole {
			continue
		}
		all.add(a.tier())
		for _, kind := range a.truth.Lookalike {
			if byKind[kind] == nil {
				byKind[kind] = &Lookalike{Kind: kind}
			}
			byKind[kind].add(a.tier())
		}
	}
	e.out.Lookalikes = []Lookalike{all}
	for _, l := range byKind {
		e.out.Lookalikes = append(e.out.Lookalikes, *l)
	}
	slices.SortFunc(e.out.Lookalikes[1:], func(a, b Lookalike) int {
		return cmp.Or(cmp.Compare(b.Named.Part, a.Named.Part), cmp.Compare(b.Possible.Part, a.Possible.Part),
			cmp.Compare(b.Named.Whole, a.Named.Whole), cmp.Compare(a.Kind, b.Kind))
	})
}

func (l *Lookalike) add(tier takeover.Tier) {
	l.Named.count(tier >= takeover.Probable)
	l.Possible.count(tier == takeover.Possible)
}

// A Band is a range of scores, with the share of takeovers of such a score that
// are right and the share that the scores state.
type Band struct {
	From   *odds.Centibans `json:"from"` // lowest score, null where there is no lowest
	Below  *odds.Centibans `json:"below"`
	Right  Share           `json:"right"`
	Stated Rate            `json:"stated"` // mean of the probabilities that the scores stand for
}

// The bands of scores, in centibans: from odds of one to one on, a band for
// every factor of ten.
const (
	firstBand = 0
	lastBand  = 600
	bandWidth = 100
)

// calibrate compares scores with what came true.
func (e *evaluation) calibrate() {
	bands := make([]Band, (lastBand-firstBand)/bandWidth+2)
	stated := make([]int64, len(bands)) // sums of parts per billion; 2^33 accounts fit
	for i := range bands {
		if i > 0 {
			from := odds.Centibans(firstBand + (i-1)*bandWidth)
			bands[i].From = &from
		}
		if i < len(bands)-1 {
			below := odds.Centibans(firstBand + i*bandWidth)
			bands[i].Below = &below
		}
	}
	for _, a := range e.accounts {
		if a.taken == nil {
			continue
		}
		s := a.taken.Score
		i := 0
		if s >= firstBand {
			i = min(int(s-firstBand)/bandWidth+1, len(bands)-1)
		}
		bands[i].Right.count(a.isEntered())
		stated[i] += odds.Clamp(s, -odds.Limit, odds.Limit).PPB()
	}
	for i := range bands {
		if n := bands[i].Right.Whole; n > 0 {
			bands[i].Stated = rate(stated[i]/n, odds.One)
		}
	}
	e.out.Calibration = slices.DeleteFunc(bands, func(b Band) bool { return b.Right.Whole == 0 })
}
