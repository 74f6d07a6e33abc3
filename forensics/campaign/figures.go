package campaign

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
)

// A Figure is a number that speaks for or against a way in: N of Of, in parts per
// thousand, compared with a bound.
type Figure struct {
	Vector Vector
	For    bool
	Code   string // of what is counted
	N, Of  int64
	Bound  int64  // parts per thousand
	Below  bool   // it speaks for the way in below the bound, else from it on
	From   string // where the bound comes from
}

// PerMille returns the figure in parts per thousand.
func (f *Figure) PerMille() int64 { return perMille(f.N, f.Of) }

// FigureDocs says what the codes of figures mean and why they speak.
var FigureDocs = map[string]string{
	"unknown_ids":         "failed tries on accounts that do not exist: most of a list from elsewhere, hardly any where the service's own ids are used",
	"once_or_twice":       "accounts that were tried once or twice, of those that exist: 94 % of a list's (eBookJapan 2013), few where passwords are guessed",
	"first_or_second_try": "entered accounts that needed no third try: 94 % of those a list opens (eBookJapan 2013: 49.6 % at the first, 44.5 % at the second)",
	"tries_per_account":   "failed tries for each account that exists: one or two of a list, one of a fixed password, several of a few common ones, five and more a day where one account is guessed at",
	"from_servers":        "failed tries from addresses that made tens of them; proxies are reused about twice (mean 2.2 published)",
	"high_failure":        "failed tries from addresses with more than 7 tries of which more than 80 % failed (filter of Arana): a server is seen by it, about one try an address escapes it",
	"hit_rate":            "tries on accounts that exist which got in: 0.15 to 10 % of a list's, more only with credentials that were valid",
	"without_failure":     "entered accounts that show no way in: no failed tries near them, no reset, no external login, no session of another's",
	"external_tries":      "failed tries by an external identity",
	"external_entries":    "entered accounts into which an external identity came that was never seen there before",
	"failed_resets":       "resets that failed: answers to questions and codes are guessed where resets are abused",
	"reset_entries":       "entered accounts whose password or mail the intruder changed when he came",
	"borrowed_sessions":   "entered accounts in which sessions were used that another device began, or that nobody began",
	"guessed_before":      "entered accounts on which strangers failed three times and more in the day before",
}

// FigureNames are short words for the codes of figures.
var FigureNames = map[string]string{
	"unknown_ids": "ids that do not exist", "once_or_twice": "accounts tried once or twice", "first_or_second_try": "in at the first or second try",
	"tries_per_account": "failed tries an account", "from_servers": "tries from servers", "high_failure": "tries from addresses where most fail",
	"hit_rate": "tries on existing accounts that got in", "without_failure": "no way in shows", "external_tries": "tries by external logins",
	"external_entries": "new external logins", "failed_resets": "failed resets", "reset_entries": "resets at entry",
	"borrowed_sessions": "borrowed sessions", "guessed_before": "guessed at before",
}

// onceOrTwice is from which share of accounts on, in parts per thousand, tries are
// a list's: eBookJapan saw 94 % in at the first or second try, and nine in ten of
// the ids that failed were tried once.
const onceOrTwice = 900

// half is the bound where most of all decides.
const half = 500

// Entered counts what the accounts show that were entered, confirmed and probable.
type Entered struct {
	All      int64
	Tried    int64 // entered from an attack source
	Quick    int64 // of them, those that needed no third try
	Without  int64 // that show no way in
	Change   int64
	External int64
	Session  int64
	Guessed  int64
	Logged   bool // failed logins are logged: else that none is there says nothing
	// Servers are failed tries from addresses that Arana's filter keeps.
	Servers int64
}

// Figures returns the numbers that speak for and against the ways in, as far as
// failed tries and entries tell. What cannot be counted is left out.
func (t *Tried) Figures(e *Entered, p *policy.Policy) []Figure {
	var all source.Tally
	for _, x := range []*source.Tally{&t.Single, &t.Spread} {
		all.Tries, all.Unknown, all.External, all.Resets = all.Tries+x.Tries, all.Unknown+x.Unknown, all.External+x.External, all.Resets+x.Resets
		all.Accounts, all.Twice = all.Accounts+x.Accounts, all.Twice+x.Twice
	}
	var out []Figure
	note := func(code string, n, of, bound int64, from string, high, low []Vector) {
		if of <= 0 {
			return
		}
		at := perMille(n, of) >= bound
		for _, v := range high {
			out = append(out, Figure{Vector: v, For: at, Code: code, N: n, Of: of, Bound: bound, From: from})
		}
		for _, v := range low {
			out = append(out, Figure{Vector: v, For: !at, Code: code, N: n, Of: of, Bound: bound, Below: true, From: from})
		}
	}
	v := &p.Vector
	lists := []Vector{ListType, ListDistributed}
	const published = "eBookJapan 2013, published"
	if !t.Untold {
		note("unknown_ids", all.Unknown, all.Tries, v.UnknownShare.Value, "policy vector.unknown_share", lists, []Vector{Spraying, ReverseBruteForce, BruteForce})
	}
	note("first_or_second_try", e.Quick, e.Tried, onceOrTwice, published, append(lists, ReverseBruteForce), []Vector{BruteForce, Spraying})
	note("once_or_twice", all.Twice, all.Accounts, onceOrTwice, published, append(lists, ReverseBruteForce), []Vector{BruteForce, Spraying})
	existing := all.Tries - all.Unknown
	note("tries_per_account", existing, all.Accounts, v.TriesPerID.Value, "policy vector.tries_per_account", []Vector{Spraying}, []Vector{ReverseBruteForce})
	note("tries_per_account", existing, all.Accounts, v.BruteAverage.Value*1000, "policy vector.brute_average", []Vector{BruteForce}, []Vector{Spraying})
	if !t.Unplaced {
		note("from_servers", t.Single.Tries, all.Tries, half, "most of all", []Vector{ListType}, []Vector{ListDistributed})
		note("high_failure", min(e.Servers, all.Tries), all.Tries, half, "Arana 2023, published; most of all", []Vector{ListType}, []Vector{ListDistributed})
	}
	if e.Logged && e.All >= v.LeakMinimum.Value { // of one account it says nothing
		note("hit_rate", e.All, e.All+existing, v.LeakHitRate.Value/1000, "policy vector.leak_hit_rate", []Vector{Leak}, lists)
		note("without_failure", e.Without, e.All, half, "most of all", []Vector{Leak}, lists)
	}
	note("external_tries", all.External, all.Tries, half, "most of all", []Vector{ExternalLogin}, nil)
	note("external_entries", e.External, e.All, v.MinimumSupport.Value, "policy vector.minimum_support", []Vector{ExternalLogin}, nil)
	note("failed_resets", all.Resets, all.Tries+all.Resets, half, "most of all", []Vector{PasswordReset}, nil)
	note("reset_entries", e.Change, e.All, v.MinimumSupport.Value, "policy vector.minimum_support", []Vector{PasswordReset}, nil)
	note("borrowed_sessions", e.Session, e.All, v.MinimumSupport.Value, "policy vector.minimum_support", []Vector{SessionTheft}, nil)
	note("guessed_before", e.Guessed, e.All, v.MinimumSupport.Value, "policy vector.minimum_support", []Vector{BruteForce}, nil)
	return out
}

// A Standing is what the figures say of one way in.
type Standing struct {
	Vector       Vector
	For, Against int
	Figures      []Figure
}

// Standings orders the ways in by how much speaks for them, those of which no
// figure tells left out.
func Standings(figures []Figure) []Standing {
	var all []Standing
	for _, v := range Vectors() {
		s := Standing{Vector: v}
		for _, f := range figures {
			if f.Vector != v {
				continue
			}
			if s.Figures = append(s.Figures, f); f.For {
				s.For++
			} else {
				s.Against++
			}
		}
		if s.Figures != nil {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b Standing) int { return cmp.Compare(b.For-b.Against, a.For-a.Against) })
	return all
}
