package control

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
)

var yen = money.MustCurrency("JPY")

// read makes a log of one account and a case that calls everything that the
// named devices charged stolen.
func read(t testing.TB, text string, thieves ...string) (*event.Log, *Case) {
	t.Helper()
	logins, charges, _ := eventtest.Read(t, "a", text)
	log := &event.Log{Parts: event.Pack([]event.Part{{Logins: logins, Charges: charges}}, nil)}
	if len(thieves) == 0 {
		return log, &Case{}
	}
	m := &Account{Name: "a", Tier: takeover.Confirmed, Charges: map[event.Key]takeover.Tier{}}
	c := &Case{Accounts: map[event.Key]*Account{event.KeyOfString("a"): m}, Devices: map[event.Key]bool{}}
	var sum Loss
	for _, name := range thieves {
		device := event.KeyOfString(name)
		c.Devices[device] = true
		for i := range charges {
			row := &charges[i]
			if row.Device != device {
				continue
			}
			m.Charges[row.Txn] = takeover.Confirmed
			switch {
			case row.Status == event.Declined, row.Kind == event.TransferIn:
			case row.Kind == event.TopUp:
				sum.TopUp += row.Amount
			default:
				sum.Spend += row.Amount
			}
			if c.FirstStolen == 0 || row.Time < c.FirstStolen {
				c.FirstStolen = row.Time
			}
		}
	}
	sum.Currency = yen
	m.Losses = []Loss{sum}
	return log, c
}

func replay(t testing.TB, log *event.Log, c *Case, controls ...string) *Result {
	t.Helper()
	var all []Control
	for _, text := range controls {
		parsed, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parsed)
	}
	r, err := Replay(context.Background(), log, c, all, 2)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The owner lives on one phone; a thief comes on the second day while she is
// active, tops up and spends that and 500 of hers.
const theft = `
	1h  login dev=phone cc=JP
	2h  topup 2000 dev=phone
	3h  payment 1500 dev=phone
	25h login dev=phone cc=JP
	30h login dev=thief cc=JP
	30h1m topup 30000 dev=thief
	30h2m topup 20000 dev=thief
	30h9m payment 50500 dev=thief
	40h login dev=phone cc=JP
`

func TestControls(t *testing.T) {
	for name, c := range map[string]struct {
		log, control            string
		spared, eased, money    int64
		logins, charges, stolen int64
	}{
		"while the owner is active":     {theft, "multi-device=24", 1, 0, 50500, 0, 0, 1},
		"she was active five hours ago": {theft, "multi-device=5", 0, 0, 0, 0, 0, 0},
		"six hours":                     {theft, "multi-device=6", 1, 0, 50500, 0, 0, 1},
		"a second factor":               {theft, "second-factor", 1, 0, 50500, 0, 0, 1},
		"from abroad, but he is not":    {theft, "foreign-block", 0, 0, 0, 0, 0, 0},
		"from abroad, where she is":     {theft, "foreign-block=US", 1, 0, 50500, 3, 2, 1},
		"a cap for his second top-up":   {theft, "topup-cap=30000/24", 0, 1, 20000, 0, 0, 0},
		"a cap for both":                {theft, "topup-cap=2500/24", 0, 1, 50000, 0, 0, 0},
		"a cap in a short window":       {theft, "topup-cap=30000/1", 0, 1, 20000, 0, 0, 0},
		"a cap for everybody":           {theft, "topup-cap=100/24", 0, 1, 50000, 0, 1, 0},
		"a cap for nobody":              {theft, "topup-cap=50000/24", 0, 0, 0, 0, 0, 0},
		"a new device waits":            {theft, "cool-down=1", 0, 1, 50000, 0, 0, 0},
		"stopped between the two":       {theft, "stop-topups=2019-07-02T15:01:30+09:00", 0, 1, 20000, 0, 0, 0},
		"stopped too late":              {theft, "stop-topups=+1", 0, 0, 0, 0, 0, 0},
		"the thief comes first": {`
			1h login dev=thief
			2h payment 900 dev=thief
			3h login dev=phone`, "second-factor", 0, 0, 0, 1, 0, 0},
		"a thief without a login": {`
			1h login dev=phone
			2h payment 900 dev=thief
			3h login dev=thief
			4h payment 300 dev=thief`, "second-factor", 0, 0, 0, 0, 0, 0},
		"he tries again": {`
			1h login dev=phone
			2h login dev=thief
			3h login dev=thief
			4h payment 900 dev=thief`, "second-factor", 1, 0, 900, 0, 0, 2},
		"a reset makes no device known": {`
			1h login dev=phone
			2h password_reset dev=thief
			3h login dev=thief
			4h payment 900 dev=thief`, "second-factor", 1, 0, 900, 0, 0, 1},
		"refused, then the owner sleeps": {`
			1h login dev=phone
			2h login dev=thief
			2h1m payment 100 dev=thief
			30h login dev=thief
			30h1m payment 900 dev=thief`, "multi-device=24", 0, 1, 100, 0, 0, 1},
		"he brings his own money": {`
			1h topup 500 dev=phone
			2h login dev=thief
			2h1m transfer_in 300 dev=thief
			2h2m payment 700 dev=thief`, "second-factor", 1, 0, 400, 0, 0, 1},
		"a shop gives back": {`
			1h topup 500 dev=phone
			2h login dev=thief
			2h2m payment 500 dev=thief txn=p
			9h refund 200 ref=p`, "second-factor", 1, 0, 300, 0, 0, 1},
		"a top-up that was undone": {`
			1h login dev=phone
			2h login dev=thief
			2h2m topup 500 dev=thief txn=t
			2h3m reversal 500 ref=t
			2h4m payment 80 dev=thief`, "topup-cap=400/24", 0, 0, 0, 0, 0, 0},
		"pending counts, declined does not": {`
			1h login dev=phone
			2h topup 500 dev=thief pending
			2h1m topup 500 dev=thief declined
			2h2m payment 500 dev=thief`, "topup-cap=499/24", 1, 0, 500, 0, 0, 0},
		"logs without devices name the actor": {`
			1h login ua=phone cc=JP
			2h login ua=thief cc=JP`, "foreign-block=JP", 0, 0, 0, 0, 0, 0},
	} {
		log, marked := read(t, c.log, "thief")
		// Money that thieves bring is theirs whatever device it came through.
		r := replay(t, log, marked, c.control)
		row := r.Rows[0]
		var saved int64
		for _, a := range row.Prevented {
			saved += a.Minor
		}
		got := [6]int64{row.Spared, row.Eased, saved, row.Logins, row.Charges, row.Thieves}
		if row.Why != "" || got != [6]int64{c.spared, c.eased, c.money, c.logins, c.charges, c.stolen} {
			t.Errorf("%s: %s: spared, eased, saved, logins, charges, thieves %v %s", name, c.control, got, row.Why)
		}
	}
}

func TestNotComputable(t *testing.T) {
	log, _ := read(t, `
		1h login ua=phone
		2h payment 5`)
	r := replay(t, log, &Case{}, "multi-device", "second-factor", "cool-down", "foreign-block", "topup-cap", "stop-topups")
	for _, row := range r.Rows[:6] {
		if row.Why == "" {
			t.Errorf("%s is taken for computable", row.Name)
		}
	}
	if all := r.Rows[6]; all.Name != "all together" || all.Logins+all.Charges+all.Accounts != 0 {
		t.Errorf("what cannot be replayed disturbs somebody: %+v", all)
	}
}

func TestLearning(t *testing.T) {
	var text strings.Builder
	for day := range 100 {
		text.WriteString(eventLine(day, 1000+day))
	}
	log, _ := read(t, text.String()+"2401h login dev=phone cc=JP\n2402h login dev=phone cc=US\n2403h login dev=phone cc=JP")
	r := replay(t, log, &Case{}, "topup-cap", "foreign-block", "stop-topups=2019-10-01T00:00:00Z")
	var names []string
	for _, row := range r.Rows {
		names = append(names, row.Name)
	}
	want := []string{"topup-cap=2196JPY/24", "foreign-block=JP", "stop-topups=2019-10-01T00:00:00Z", "all together"}
	if d := cmp.Diff(want, names); d != "" {
		t.Error(d)
	}
	again := replay(t, log, &Case{}, names[:3]...)
	if d := cmp.Diff(r, again); d != "" {
		t.Errorf("controls as they are shown are not those that were learnt: %s", d)
	}
	if r.Rows[1].Logins != 1 {
		t.Errorf("%d logins from abroad, want 1", r.Rows[1].Logins)
	}
}

// eventLine is a day with two top-ups.
func eventLine(day, amount int) string {
	at := func(h int) string { return strconv.Itoa(24*day+h) + "h topup " + strconv.Itoa(amount) + " dev=phone\n" }
	return at(1) + at(2)
}

func TestReplayRefuses(t *testing.T) {
	log, marked := read(t, theft, "thief")
	key := event.KeyOfString("a")
	for name, c := range map[string]struct {
		change func(m *Account)
		want   string
	}{
		"another sum":      {func(m *Account) { m.Losses[0].Spend++ }, "50,501 JPY spent"},
		"a charge missing": {func(m *Account) { m.Charges[7] = takeover.Possible }, "3 of the 4 charges"},
		"another account": {func(m *Account) {
			marked.Accounts[7] = &Account{Name: "b"}
		}, "1 of the 2 accounts"},
	} {
		_, marked = read(t, theft, "thief")
		c.change(marked.Accounts[key])
		_, err := Replay(context.Background(), log, marked, Defaults(), 1)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	two, _ := read(t, "1h topup 5 dev=x\n2h topup 5 dev=x cur=USD")
	given, _ := Parse("topup-cap=300")
	if _, err := Replay(context.Background(), two, &Case{}, []Control{given}, 1); !errors.Is(err, ErrCurrency) {
		t.Errorf("a cap without a currency where there are two: %v", err)
	}
	given, _ = Parse("topup-cap=3.50JPY")
	if _, err := Replay(context.Background(), two, &Case{}, []Control{given}, 1); !errors.Is(err, ErrCurrency) {
		t.Errorf("half a yen: %v", err)
	}
	if _, err := Replay(context.Background(), two, &Case{}, make([]Control, MaxControls+1), 1); err == nil {
		t.Error("too many controls are taken")
	}
}

// parsed are controls as they are written, and whether they can be.
var parsed = map[string]bool{
	"multi-device": true, "multi-device=1": true, "multi-device=24h": true, "second-factor": true, "foreign-block": true,
	"foreign-block=JP": true, "topup-cap": true, "topup-cap=30000": true, "topup-cap=30000JPY/24": true, "topup-cap=12.50USD": true,
	"cool-down=72": true, "stop-topups": true, "stop-topups=+6": true, "stop-topups=2019-07-03T14:00:00+09:00": true,
	"": false, "=": false, "nothing": false, "multi-device=0": false, "multi-device=-1": false, "multi-device=1.5": false,
	"multi-device=99999999": false, "second-factor=1": false, "foreign-block=jp": false, "foreign-block=JPN": false,
	"topup-cap=": false, "topup-cap=-1": false, "topup-cap=JPY": false, "topup-cap=1/0": false, "topup-cap=1 000": false,
	"topup-cap=1ABCDE": false, "stop-topups=": false, "stop-topups=2019-07-03": false, "stop-topups=+": false,
	"topup-cap=99999999999999999999": false, "stop-topups=0001-01-01T00:00:00Z": false,
}

func TestParse(t *testing.T) {
	for text, want := range parsed {
		if _, err := Parse(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	written, docs := Help()
	for i, k := range kinds {
		if !strings.HasPrefix(written[i], k.name) || docs[i] == "" {
			t.Errorf("%q: %q", written[i], docs[i])
		}
		if c, err := Parse(k.name); err != nil || c != Defaults()[i] {
			t.Errorf("%s: %+v %v", k.name, c, err)
		}
	}
}

// FuzzParse checks that what is taken for a control is one that can be
// replayed.
func FuzzParse(f *testing.F) {
	if len(parsed) == 0 {
		f.Fatal("no seeds")
	}
	for text := range parsed {
		f.Add(text)
	}
	logins, charges, _ := eventtest.Read(f, "a", theft)
	log := &event.Log{Parts: event.Pack([]event.Part{{Logins: logins, Charges: charges}}, nil)}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		if c.Window < hour || c.Window > maxHours*hour {
			t.Fatalf("%q: a window of %d", text, c.Window)
		}
		r, err := Replay(context.Background(), log, &Case{}, []Control{c}, 1)
		switch {
		case errors.Is(err, ErrCurrency):
		case err != nil:
			t.Fatal(err)
		case r.Rows[0].Logins > r.Base.Logins || r.Rows[0].Charges > int64(len(charges)):
			t.Fatalf("%q disturbs more than there is: %+v", text, r.Rows[0])
		}
	})
}

func TestSides(t *testing.T) {
	logins, charges, _ := eventtest.Read(t, "a", `
		1h login dev=phone ip=1
		2h login dev=tester ip=66
		3h login dev=thief ip=2
		4h payment 5 dev=other
		5h payment 5 dev=maybe
		6h login dev=phone ip=66`)
	var a baseline.Account
	a.Read(logins, charges)
	c := &Case{Devices: map[event.Key]bool{event.KeyOfString("thief"): true}, Testers: map[event.Addr]bool{eventtest.Addr(t, "66"): true}}
	want := []side{owners, undecided, undecided, owners, owners}
	if got := c.sides(nil, &a, nil); !slices.Equal(got, want) {
		t.Errorf("an account that the case does not name: %v, want %v", got, want)
	}
	m := &Account{Tier: takeover.Probable, Charges: map[event.Key]takeover.Tier{charges[0].Txn: takeover.Confirmed, charges[1].Txn: takeover.Possible}}
	want = []side{owners, thiefs, thiefs, thiefs, undecided}
	if got := c.sides(nil, &a, m); !slices.Equal(got, want) {
		t.Errorf("a probable one: %v, want %v", got, want)
	}
}
