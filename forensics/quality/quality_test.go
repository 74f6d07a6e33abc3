package quality

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

var yen = money.MustCurrency("JPY")

const (
	confirmed, probable, possible = takeover.Confirmed, takeover.Probable, takeover.Possible
)

// incident is a small truth and what a case says of it.
func incident(t testing.TB) (*Findings, *Truth) {
	t.Helper()
	truth := &Truth{}
	for _, f := range []struct {
		read func(string, *strings.Reader) error
		text string
	}{
		{func(n string, r *strings.Reader) error { return truth.ReadAccounts(n, r) }, `account_id,role,vector,lookalike,owner_seen_before,net_loss,currency
right,victim,list_type,,true,49000,JPY
less,victim,leak,,true,10000,JPY
maybe,victim,leak,,false,5000,JPY
missed,victim,list_type,,false,7000,JPY
entered,entered,list_type,,,0,JPY
returned,entered,list_type,,,0,JPY
own,mule,,,,0,JPY
phone,lookalike,,new_handset;office,,0,JPY
desk,lookalike,,office,,0,JPY
`},
		{func(n string, r *strings.Reader) error { return truth.ReadCharges(n, r) }, `txn_id,account_id,status
a,right,approved
b,right,declined
c,less,approved
d,returned,reversed
e,missed,approved
`},
		{func(n string, r *strings.Reader) error { return truth.ReadMoney(n, r) }, `account_id,channel,amount,currency
right,card,50000,JPY
right,balance,-1000,JPY
less,balance,10000,JPY
maybe,card,5000,JPY
missed,card,7000,JPY
`},
	} {
		if err := f.read("truth", strings.NewReader(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	return &Findings{
		Takeovers: []Takeover{
			{"right", confirmed, 640, "list_type", "one"},
			{"less", probable, 150, "list_type", "one"},
			{"maybe", possible, 20, "undetermined", "two"},
			{"entered", confirmed, 700, "list_type", "one"},
			{"returned", confirmed, 650, "list_type", "one"},
			{"phone", probable, 130, "leak_or_insider", "two"},
			{"desk", possible, -5, "undetermined", "two"},
			{"nobody", possible, 40, "undetermined", "two"},
		},
		Victims: []Victim{{"right", confirmed}, {"less", probable}, {"maybe", possible}, {"returned", confirmed}, {"phone", probable}},
		Charges: []Charge{{"a", "right", confirmed}, {"b", "right", confirmed}, {"c", "less", possible},
			{"d", "returned", confirmed}, {"x", "phone", probable}, {"e", "phone", possible}},
		Lines: []Line{{"right", "card", 50000, yen, confirmed}, {"right", "balance", -1000, yen, confirmed},
			{"less", "card", 8000, yen, probable}, {"maybe", "card", 5000, yen, possible}, {"phone", "card", 300, yen, probable}},
	}, truth
}

func TestEvaluate(t *testing.T) {
	f, truth := incident(t)
	r, err := Evaluate(f, truth)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		// right, less, returned and phone are called robbed; three of them were.
		{"victims.confirmed_and_probable.precision", "3/4"},
		{"victims.confirmed_and_probable.recall", "2/4"},
		{"victims.with_possible.precision", "4/5"},
		{"victims.with_possible.recall", "3/4"},
		{"victims_owner_seen_before", "2/2"},
		{"takeovers.confirmed_and_probable.precision", "4/5"},
		{"takeovers.confirmed_and_probable.recall", "4/6"},
		{"takeovers.with_possible.precision", "5/8"},
		{"takeovers.with_possible.recall", "5/6"},
		// a, b and d are right, x is none, e is in another account.
		{"charges.confirmed_and_probable.precision", "3/4"},
		{"charges.confirmed_and_probable.recall", "3/5"},
		{"charges.with_possible.precision", "4/6"},
		{"charges.with_possible.recall", "4/5"},
		{"money.0.said", "57300"},
		{"money.0.true", "71000"},
		{"money.0.right", "57000"},
		{"money.0.over", "300"},
		{"money.0.under", "14000"},
		{"money.0.misplaced", "0.201408"},
		{"money.0.accounts_exact", "1/5"},
		{"money.0.owner_seen_before.true", "59000"},
		{"money.0.owner_seen_before.under", "2000"},
		{"channels.0.channel", "balance"},
		{"channels.0.under", "10000"},
		{"channels.1.over", "8300"},
		{"channels.1.under", "12000"},
		{"tiers.0.takeovers", "3/3"},
		{"tiers.1.takeovers", "1/2"},
		{"tiers.2.takeovers", "1/3"},
		{"tiers.0.kept", "open"},
		{"roles.0.confirmed", "1"},
		{"roles.0.not_named", "1"},
		{"roles.4.role", "(not in the truth)"},
		{"roles.4.possible", "1"},
		{"ways_in.0.way_in", "leak_or_insider"},
		{"ways_in.0.takeovers", "1/2"},
		{"ways_in.0.way_right", "0/1"},
		{"ways_in.1.victims", "1/2"},
		{"ways_in.1.way_right", "3/3"},
		{"campaigns.0.entered", "4/4"},
		{"campaigns.0.agree", "3/4"},
		{"campaigns.1.entered", "0/1"},
		{"lookalikes.0.named", "1/2"},
		{"lookalikes.1.lookalike", "office"},
		{"lookalikes.1.named", "1/2"},
		{"lookalikes.1.possible", "1/2"},
		{"lookalikes.2.named", "1/1"},
		{"calibration.0.from", "<nil>"},
		{"calibration.0.right", "0/1"},
		{"calibration.1.right", "1/2"},
		{"calibration.3.right", "3/3"},
		{"differences.0.account_id", "missed"},
		{"differences.0.difference", "robbed, and not named"},
		{"differences.1.account_id", "maybe"},
		{"differences.2.difference", "another amount"},
		{"differences.3.difference", "called robbed, and was not"},
	} {
		if got := at(t, got, c.path); got != c.want {
			t.Errorf("%s is %s, want %s", c.path, got, c.want)
		}
	}
	if n := len(r.Differences); n != 4 {
		t.Errorf("%d differences, want 4: %v", n, r.Differences)
	}
}

// at returns what a path leads to, a share as part/whole.
func at(t *testing.T, v any, path string) string {
	t.Helper()
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				t.Fatalf("%s: nothing at %s", path, key)
			}
			v = x[i]
		}
	}
	if m, ok := v.(map[string]any); ok && m["whole"] != nil {
		return fmt.Sprintf("%v/%v", m["part"], m["whole"])
	}
	if f, ok := v.(float64); ok && f == float64(int64(f)) {
		return fmt.Sprint(int64(f))
	}
	return fmt.Sprint(v)
}

func TestEvaluateDoesNotDependOnOrder(t *testing.T) {
	f, truth := incident(t)
	want, err := Evaluate(f, truth)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(want)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		shuffle(rng, f.Takeovers)
		shuffle(rng, f.Victims)
		shuffle(rng, f.Charges)
		shuffle(rng, f.Lines)
		shuffle(rng, truth.Accounts)
		shuffle(rng, truth.Charges)
		shuffle(rng, truth.Debts)
		got, err := Evaluate(f, truth)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(got)
		if d := cmp.Diff(string(text), string(again)); d != "" {
			t.Fatal(d)
		}
	}
}

func shuffle[T any](rng *rand.Rand, s []T) {
	rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// TestEvaluateCountsEverything checks on made-up cases that every account and
// yen of both sides is in the counts once, and that a case that says the truth
// is right in everything.
func TestEvaluateCountsEverything(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		f, truth := madeUp(rng)
		r, err := Evaluate(f, truth)
		if err != nil {
			t.Fatal(err)
		}
		var listed, named, bands, ways int64
		for _, role := range r.Roles {
			listed += role.Accounts
			named += role.Confirmed + role.Probable + role.Possible
			if role.Accounts != role.Confirmed+role.Probable+role.Possible+role.NotNamed {
				t.Fatalf("role %+v does not add up", role)
			}
		}
		for _, b := range r.Calibration {
			bands += b.Right.Whole
		}
		for _, c := range r.Confusion {
			ways += c.Accounts
		}
		everybody := map[string]bool{}
		for _, a := range truth.Accounts {
			everybody[a.ID] = true
		}
		for _, a := range f.Takeovers {
			everybody[a.Account] = true
		}
		if listed != int64(len(everybody)) || named != int64(len(f.Takeovers)) || bands != named || ways != r.Takeovers.Named.Recall.Whole {
			t.Fatalf("%d accounts of %d, %d named of %d, %d in bands, %d by way in of %d", listed, len(everybody), named, len(f.Takeovers), bands, ways, r.Takeovers.Named.Recall.Whole)
		}
		for _, m := range r.Money {
			if m.Said-m.Over != m.True-m.Under {
				t.Fatalf("money does not add up: %+v", m)
			}
			for _, r := range []Rate{m.Precision, m.Recall, m.F1} {
				if r.Known() && (r.Compare(rate(0, 1)) < 0 || r.Compare(rate(1, 1)) > 0) {
					t.Fatalf("%s is no share: %+v", r, m)
				}
			}
		}
		perfect, err := Evaluate(truthful(truth), truth)
		if err != nil {
			t.Fatal(err)
		}
		if len(perfect.Differences) > 0 || perfect.Shortfalls(mustGoals(t, "precision=1", "recall=1", "takeovers.f1=1", "misplaced=0", "money.f1=1", "confirmed=1")) != nil {
			t.Fatalf("the truth differs from itself: %v", perfect.Differences)
		}
	}
}

// madeUp returns a case and a truth that have little to do with each other.
func madeUp(rng *rand.Rand) (*Findings, *Truth) {
	f := &Findings{}
	truth := &Truth{HasDebts: true, HasVector: true, HasLookalike: true, HasSeen: true}
	vectors := []string{"list_type", "leak", "session_theft"}
	for i := range 12 {
		id := fmt.Sprint("account ", i)
		if rng.IntN(3) > 0 {
			a := Account{ID: id, Role: RoleWord(rng.IntN(int(Unlisted))), Seen: rng.IntN(2) == 0, Vector: vectors[rng.IntN(3)]}
			truth.Accounts = append(truth.Accounts, a)
			if a.Role == VictimRole {
				truth.Debts = append(truth.Debts, Debt{id, []string{"card", "balance"}[rng.IntN(2)], int64(rng.IntN(12)) - 5, yen})
			}
		}
		if rng.IntN(2) == 0 {
			tier := takeover.Tier(1 + rng.IntN(3))
			f.Takeovers = append(f.Takeovers, Takeover{id, tier, 0, vectors[rng.IntN(3)], "one"})
			if rng.IntN(2) == 0 {
				f.Victims = append(f.Victims, Victim{id, tier})
				f.Lines = append(f.Lines, Line{id, []string{"card", "balance"}[rng.IntN(2)], int64(rng.IntN(12)) - 5, yen, tier})
			}
		}
	}
	return f, truth
}

// truthful returns what a case would say that knows the truth.
func truthful(truth *Truth) *Findings {
	f := &Findings{}
	for _, a := range truth.Accounts {
		if a.Role == VictimRole || a.Role == EnteredRole {
			f.Takeovers = append(f.Takeovers, Takeover{a.ID, confirmed, 900, a.Vector, "one"})
		}
		if a.Role == VictimRole {
			f.Victims = append(f.Victims, Victim{a.ID, confirmed})
		}
	}
	for _, d := range truth.Debts {
		f.Lines = append(f.Lines, Line{d.Account, d.Channel, d.Amount, d.Currency, confirmed})
	}
	return f
}

func mustGoals(t *testing.T, texts ...string) (goals []Goal) {
	t.Helper()
	for _, text := range texts {
		g, err := ParseGoal(text)
		if err != nil {
			t.Fatal(err)
		}
		goals = append(goals, g)
	}
	return goals
}

func TestGoals(t *testing.T) {
	f, truth := incident(t)
	r, err := Evaluate(f, truth)
	if err != nil {
		t.Fatal(err)
	}
	short := r.Shortfalls(mustGoals(t, "precision=0.75", "precision=0.750000001", "recall.seen=1", "charges.recall=0.61", "misplaced=0.2", "misplaced.seen=0.0339"))
	want := []string{"precision is 0.750000, want at least 0.750000001", "charges.recall is 0.600000, want at least 0.61",
		"misplaced is 0.201408, want at most 0.2"}
	if d := cmp.Diff(want, short); d != "" {
		t.Error(d)
	}
	bare := &Truth{Accounts: []Account{{ID: "right", Role: VictimRole}}}
	if r, err = Evaluate(f, bare); err != nil {
		t.Fatal(err)
	}
	short = r.Shortfalls(mustGoals(t, "charges.f1=0", "misplaced=1", "recall.seen=0", "misplaced.seen=1", "recall=1"))
	if len(short) != 4 || slices.ContainsFunc(short, func(s string) bool { return !strings.Contains(s, "not computable") }) {
		t.Errorf("a truth of accounts alone: %q", short)
	}
	empty, err := Evaluate(&Findings{}, &Truth{HasDebts: true, HasCharges: true, HasSeen: true})
	if err != nil {
		t.Fatal(err)
	}
	names, docs := GoalNames()
	for i, name := range names {
		bound := "=1"
		if strings.HasPrefix(docs[i], "at most") {
			bound = "=0"
		}
		if short := empty.Shortfalls(mustGoals(t, name+bound)); short != nil {
			t.Errorf("nothing named, nothing to find: %q", short)
		}
	}
	for _, text := range []string{"", "precision", "precision=", "precision=1.1", "precision=-0", "precision=1/2", "precision=1e-9", "precision=.5", "precision=0.1234567891", "nothing=1", "misplaced=2"} {
		if g, err := ParseGoal(text); err == nil {
			t.Errorf("%q is taken for %v", text, g)
		}
	}
}

func TestEvaluateRefuses(t *testing.T) {
	one := Account{ID: "one", Role: VictimRole, NetLoss: 5, Currency: yen}
	for name, c := range map[string]struct {
		f     Findings
		truth Truth
		want  string
	}{
		"an account twice":      {Findings{}, Truth{Accounts: []Account{one, one}}, `the truth lists the account in row 2 twice`},
		"a takeover twice":      {Findings{Takeovers: []Takeover{{Account: "a"}, {Account: "a"}}}, Truth{}, "twice"},
		"a victim not entered":  {Findings{Victims: []Victim{{"a", probable}}}, Truth{}, "no takeover"},
		"two losses":            {Findings{}, Truth{HasLosses: true, HasDebts: true, Accounts: []Account{one}}, "contradicts itself"},
		"an amount that is too": {Findings{Lines: []Line{{"a", "card", maxAmount + 1, yen, probable}}}, Truth{}, "does not fit"},
	} {
		if _, err := Evaluate(&c.f, &c.truth); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
