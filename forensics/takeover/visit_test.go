package takeover

import (
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/source"
)

// outcomeWords returns the words that the policy has for the outcomes of each
// feature.
func outcomeWords(t testing.TB, p *policy.Policy) [numFeatures][]string {
	t.Helper()
	a := &p.Attack
	var words [numFeatures][]string
	for f, s := range [numFeatures]*policy.Shares{&a.Arrival, &a.Stay, &a.Network, &a.Lag, &a.Money, &a.Drain,
		&a.Change, &a.External, &a.Failed, &a.Reaction, &a.Session, &a.Sharing, &a.Charged, &a.Unlike, &a.Shops, &a.TopUps, &a.Pace, Linking: &a.Linking, Rhythm: &a.Rhythm} {
		if s == nil {
			continue // weighed with others only
		}
		for _, w := range strings.Split(s.Of, ",") {
			words[f] = append(words[f], strings.TrimSpace(w))
		}
		if len(words[f]) != outcomes[f] {
			t.Fatalf("%s has %d outcomes, the policy names %q", FeatureNames[f], outcomes[f], s.Of)
		}
	}
	return words
}

// describe returns the visits of a small log by device. The log ends after 60
// days.
func describe(t testing.TB, p *policy.Policy, text string) map[string]*Visit {
	t.Helper()
	logins, charges, names := eventtest.Read(t, "a", text)
	f := finder{p: p, end: eventtest.Midnight + 60*baseline.Day, found: found{days: map[uint32]*histogram{}, tracer: source.NewTracer(1, spill.New(0, ""))}}
	parts := event.Pack([]event.Part{{Logins: logins, Charges: charges}}, nil)
	_, err := event.EachCursor(t.Context(), 1, parts, func() *baseline.Account { return &baseline.Account{} },
		func(a *baseline.Account, _ int, rows *event.Cursor) { baseline.Walk(rows, a, f.account) })
	if err != nil {
		t.Fatal(err)
	}
	visits := map[string]*Visit{}
	for i := range f.visits {
		visits[names[f.visits[i].Actor]] = &f.visits[i]
	}
	return visits
}

// owner is the life of the phone A, which all visits below are to.
const owner = `
	0h    login dev=A ip=1 asn=65001 cc=JP
	1h    payment 500 dev=A ip=1 txn=own
	800h  login dev=A ip=1 asn=65001 cc=JP
`

// spender is the life of the phone A of one who pays.
const spender = `
	0h    login dev=A
	1h    topup 900 dev=A
	2h    payment 900 dev=A store=a
	30h   topup 900 dev=A
	800h  login dev=A
`

// TestOutcomes checks what one visit of the device V shows. Features are
// named by the words of the policy.
func TestOutcomes(t *testing.T) {
	p := policy.Default()
	words := outcomeWords(t, &p)
	for _, c := range []struct{ name, rows, want string }{
		{"the only one there is, shortly", `
			0h login dev=V
			1h payment 100 dev=V`, "arrival: sole; network: unknown"},
		{"the first of several, shortly", `
			0h login dev=V
			50h login dev=A
			500h login dev=A`, "arrival: before_others"},
		{"between two acts of the owner", owner + `100h login dev=V
			101h payment 100 dev=V`, "arrival: came_and_went"},
		{"beside the owner and beyond", owner + `100h login dev=V
			900h login dev=V`, "arrival: joined"},
		{"the owner falls silent at once", owner + `801h login dev=V
			900h login dev=V`, "arrival: handover"},

		{"29 minutes", owner + "100h login dev=V\n100h29m payment 1 dev=V", "stay: under 30 minutes"},
		{"30 minutes", owner + "100h login dev=V\n100h30m payment 1 dev=V", "stay: under 6 hours"},
		{"6 hours", owner + "100h login dev=V\n106h payment 1 dev=V", "stay: under 2 days"},
		{"2 days", owner + "100h login dev=V\n148h payment 1 dev=V", "stay: under 7 days"},
		{"7 days", owner + "100h login dev=V\n268h payment 1 dev=V", "stay: longer"},

		{"her address", owner + "100h login dev=V ip=1 asn=65009 cc=US", "network: same address"},
		{"her address at another time", owner + "100h login dev=V ip=9 asn=65009 cc=US\n101h payment 1 dev=V ip=1", "network: same address"},
		{"her operator", owner + "100h login dev=V ip=2 asn=65001 cc=JP", "network: same operator"},
		{"her country", owner + "100h login dev=V ip=2 asn=65009 cc=JP", "network: same country"},
		{"another country", owner + "100h login dev=V ip=2 asn=65009 cc=US", "network: other country"},
		{"nothing known", owner + "100h login dev=V", "network: unknown"},
		{"the nearest of the others counts", `
			0h login dev=A ip=1 asn=65001 cc=JP
			90h login dev=B ip=2 asn=65009 cc=US
			100h login dev=V ip=2 asn=65009 cc=US
			800h login dev=A ip=1 asn=65001 cc=JP`, "network: same address"},

		{"9 minutes to the first charge", owner + "100h login dev=V\n100h9m59s topup 1 dev=V", "lag: under 10 minutes"},
		{"10 minutes", owner + "100h login dev=V\n100h10m topup 1 dev=V", "lag: under 1 hour"},
		{"an hour", owner + "100h login dev=V\n101h topup 1 dev=V", "lag: under 6 hours"},
		{"six hours", owner + "100h login dev=V\n106h topup 1 dev=V", "lag: later"},
		{"the first that was not declined", owner + "100h login dev=V\n100h1m topup 1 dev=V declined\n103h topup 1 dev=V", "lag: under 6 hours"},

		{"seven tenths spent", owner + "100h login dev=V\n100h topup 10000 dev=V\n101h payment 7000 dev=V", "drain: topped up and spent at least 7 tenths of it"},
		{"less spent", owner + "100h login dev=V\n100h topup 10000 dev=V\n101h transfer_out 6999 dev=V", "drain: topped up and spent less"},
		{"only spent", owner + "100h login dev=V\n101h payout 6999 dev=V", "drain: not topped up and less left than ever before"},
		{"a top-up that was declined", owner + "100h login dev=V\n100h topup 100 dev=V declined\n101h payment 50 dev=V", "drain: not topped up and less left than ever before"},

		{"no change", owner + "100h login dev=V", "change: none"},
		{"the visitor resets, then enters", owner + "100h password_reset dev=V\n101h login dev=V", "change: reset or changed by the newcomer within a day of entry"},
		{"the visitor changes the mail", owner + "100h login dev=V\n123h email_change dev=V", "change: reset or changed by the newcomer within a day of entry"},
		{"long after entry", owner + "100h login dev=V\n124h email_change dev=V", "change: none"},
		{"the owner resets an hour before", owner + "99h password_reset dev=A\n100h login dev=V", "change: none"},
		{"another newcomer resets an hour before", owner + "99h password_reset dev=B\n100h login dev=V", "change: reset or changed by the newcomer within a day of entry"},
		{"a second phone of hers resets an hour before", owner + "50h login dev=B\n99h password_reset dev=B\n100h login dev=V", "change: none"},
		{"a reset that failed", owner + "99h !password_reset dev=V\n100h login dev=V", "change: none"},

		{"no external login", owner + "100h login dev=V", "external: no"},
		{"the first external login", owner + "100h external_login dev=V", "external: first external login of the account"},
		{"not the first", owner + "50h external_login dev=A\n100h external_login dev=V", "external: no"},
		{"the owner follows", owner + "100h external_login dev=V\n150h external_login dev=A", "external: first external login of the account"},
		{"entered by password, external later", owner + "100h login dev=V\n101h external_login dev=V", "external: no"},

		{"no tries", owner + "100h login dev=V", "failed: none"},
		{"one try of a stranger", owner + "99h !login dev=X\n100h login dev=V", "failed: 1 or 2 tries of strangers in the day before"},
		{"three", owner + strings.Repeat("99h !login dev=X\n", 3) + "100h login dev=V", "failed: 3 to 9"},
		{"ten", owner + strings.Repeat("99h !login dev=X\n", 10) + "100h login dev=V", "failed: 10 and more"},
		{"a day before, or after", owner + "76h !login dev=X\n100h login dev=V\n101h !login dev=X", "failed: none"},
		{"the visitor's own typos", owner + strings.Repeat("99h !login dev=V\n", 2) + "100h login dev=V", "failed: none"},
		{"the visitor's own guesses", owner + strings.Repeat("99h !login dev=V\n", 12) + "100h login dev=V", "failed: 10 and more"},
		{"her own typos", owner + "99h !login dev=A\n100h login dev=V", "failed: none"},

		{"no reaction", owner + "100h login dev=V\n101h payment 100 dev=V txn=t", "reaction: none"},
		{"the owner resets", owner + "100h login dev=V\n101h payment 100 dev=V\n200h password_reset dev=A", "reaction: reset or change by another device within a week"},
		{"the owner resets within a day", owner + "100h login dev=V\n101h payment 100 dev=V\n125h password_reset dev=A", "reaction: within a day"},
		{"eight days later", owner + "100h login dev=V\n101h payment 100 dev=V\n294h password_reset dev=A", "reaction: none"},
		{"before the visit", owner + "99h password_reset dev=A\n100h login dev=V", "reaction: none"},
		{"the visitor resets", owner + "100h login dev=V\n101h password_reset dev=V", "reaction: none"},
		{"a reset that failed does not count", owner + "100h login dev=V\n101h !password_reset dev=A", "reaction: none"},
		{"charged back", owner + "100h login dev=V\n101h payment 100 dev=V txn=t\n700h chargeback 100 ref=t", "reaction: chargeback"},
		{"charged back outweighs", owner + "100h login dev=V\n101h payment 100 dev=V txn=t\n102h password_reset dev=A\n700h chargeback 100 ref=t", "reaction: chargeback"},
		{"the owner's own charge charged back", owner + "100h login dev=V\n101h payment 100 dev=V txn=t\n700h chargeback 500 ref=own", "reaction: none"},

		{"own session", owner + "100h login dev=V sess=s\n101h payment 100 dev=V sess=s", "session: own login"},
		{"no login at all", owner + "101h payment 100 dev=V sess=s", "session: charges and no login of the device at all"},
		{"no login of anybody", "0h payment 1 dev=A\n101h payment 100 dev=V\n800h payment 1 dev=A", "session: own login"},
		{"no login, and nobody to take a session from", "101h payment 100 dev=V sess=s", "session: own login"},
		{"no login and no charge that was approved", owner + "101h topup 100 dev=V declined", "session: charges and no login of the device at all"},

		{"no charges", owner + "100h login dev=V", "charged: no charges"},
		{"charges", owner + "100h login dev=V\n101h payment 1 dev=V", "charged: charges"},
		{"the owner is not known yet", owner + "100h login dev=V\n101h payment 9000 dev=V", "unlike: unknown; shops: unknown"},
		{"as she does", spender + "100h login dev=V\n101h payment 900 dev=V store=a", "unlike: the best day is within that of the others; shops: a shop in common with the others"},
		{"three times as much", spender + "100h login dev=V\n101h payment 2700 dev=V store=x", "unlike: up to three times as much; shops: none"},
		{"more, in one day", spender + "100h login dev=V\n101h payment 2701 dev=V store=x", "unlike: more; shops: none"},
		{"more, in two days", spender + "90h login dev=V\n91h payment 800 dev=V store=x\n101h payment 800 dev=V store=x", "unlike: the best day is within that of the others"},
		{"the wallet is not emptied", spender + "100h login dev=V\n100h payment 899 dev=V", "drain: not topped up"},
		{"the wallet is emptied", spender + "100h login dev=V\n100h payment 901 dev=V", "drain: not topped up and less left than ever before"},
		{"emptied, but by her card", spender + "100h login dev=V\n100h payment 901 dev=V card", "drain: not topped up"},
		{"one top-up", owner + "100h login dev=V\n100h topup 1 dev=V", "topups: none or one in an hour; pace: one or two charges in an hour"},
		{"two, one declined", owner + "100h login dev=V\n100h topup 1 dev=V\n100h59m topup 1 dev=V declined\n101h payment 1 dev=V", "topups: two; pace: three"},
		{"three in two hours", owner + "100h login dev=V\n100h topup 1 dev=V\n100h59m topup 1 dev=V\n101h1m topup 1 dev=V", "topups: two; pace: one or two charges in an hour"},
		{"six charges", owner + "100h login dev=V\n" + strings.Repeat("100h topup 1 dev=V\n", 3) + strings.Repeat("100h3m payment 1 dev=V\n", 3), "topups: three and more; pace: six and more"},
		{"what failed because there was no such account yet", "99h !login dev=X unknown\n100h login dev=V", "failed: none"},
		{"two outlays are too few to tell", owner + "100h login dev=V\n" + "101h topup 9 dev=V\n102h payment 9 dev=V\n103h topup 9 dev=V\n104h payment 9 dev=V", "rhythm: unknown"},
		{"topped up each time", owner + "100h login dev=V\n101h topup 9 dev=V\n102h payment 9 dev=V\n103h topup 9 dev=V\n104h payment 9 dev=V\n105h topup 9 dev=V\n106h payment 9 dev=V", "rhythm: nearly all"},
		{"topped up for two of three", owner + "100h login dev=V\n101h topup 9 dev=V\n102h payment 9 dev=V\n103h topup 9 dev=V\n104h transfer_out 9 dev=V\n104h1m payment 9 dev=V", "rhythm: less than three in four"},
		{"topped up once, and long before", owner + "100h login dev=V\n101h topup 9 dev=V\n103h payment 3 dev=V\n104h payment 3 dev=V\n105h payment 3 dev=V",
			"rhythm: of three and more outlays less than a third came after a top-up within the hour"},
		{"a card that is refused", owner + "100h login dev=V\n101h !card_register dev=V\n102h card_register dev=V", "linking: 1 or 2"},
		{"PINs that are guessed", owner + "100h login dev=V\n" + strings.Repeat("101h !card_register dev=V\n", 9), "linking: 3 to 9"},
		{"the owner's card", owner + "99h !card_register dev=A\n100h login dev=V", "linking: no card or bank account failed to be registered"},
		{"the owner's session", owner + "50h login dev=A sess=s\n101h payment 100 dev=V sess=s", "session: session begun by another device"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := describe(t, &p, c.rows)["V"]
			if v == nil {
				t.Fatal("no visit")
			}
			for _, want := range strings.Split(c.want, ";") {
				name, outcome, _ := strings.Cut(strings.TrimSpace(want), ": ")
				f := slices.Index(FeatureNames[:], name)
				got := "unknown"
				if v.Outcome[f] != unknown {
					got = words[f][v.Outcome[f]]
				}
				if got != outcome {
					t.Errorf("%s: %s, want %s", name, got, outcome)
				}
			}
		})
	}
}

// TestVisitors checks who counts as a visitor at all.
func TestVisitors(t *testing.T) {
	p := policy.Default()
	for _, c := range []struct{ name, rows, want string }{
		{"the only user of a long time is at home", "0h login dev=A\n48h login dev=A", ""},
		{"the only user of a short time is looked at", "0h login dev=A\n47h login dev=A", "A"},
		{"who comes second is looked at, however long", "0h login dev=A\n1h login dev=B\n900h login dev=A\n900h login dev=B", "B"},
		{"the first is looked at if the stay was short", "0h login dev=A\n1h login dev=B\n900h login dev=B", "A B"},
		{"nobody got in", "0h !login dev=A\n1h !login dev=B", ""},
		{"known from older logs alone", "0h login dev=A\n1h login dev=B hist\n900h login dev=A", ""},
		{"known from older logs, and paid", "0h login dev=A\n1h login dev=B hist\n2h payment 1 dev=B\n900h login dev=A", "B"},
		{"who opened the account is at home", "0h account_create dev=A\n1h login dev=A\n2h !card_register dev=A\n2h !card_register dev=A\n3h topup 1 dev=A", ""},
		{"but not after guessing at bank accounts", "0h account_create dev=A\n1h login dev=A\n" + strings.Repeat("2h !card_register dev=A\n", 3) + "3h topup 1 dev=A", "A"},
		{"a stolen session whose charges were all declined", "0h login dev=A sess=s\n2h payment 1 dev=B sess=s declined\n900h login dev=A", "B"},
	} {
		var got []string
		visits := describe(t, &p, c.rows)
		for _, name := range []string{"A", "B"} {
			if visits[name] != nil {
				got = append(got, name)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}

// TestVisit checks the rest of what is noted of a visit.
func TestVisit(t *testing.T) {
	p := policy.Default()
	v := describe(t, &p, owner+`100h password_reset dev=V ua=app ip=5 asn=65009 cc=US
		101h login dev=V ua=app ip=6 asn=65009 cc=US
		102h topup 3000 dev=V
		103h payment 1000 dev=V store=x
		130h payment 5000 dev=V store=y
		131h payment 9000 dev=V store=z declined`)["V"]
	want := Visit{
		Account: event.KeyOfString("a"), Actor: event.KeyOfString("V"), Device: event.KeyOfString("V"),
		Row: v.Row, spot: v.spot, First: eventtest.Midnight + 100*baseline.Hour, Last: eventtest.Midnight + 131*baseline.Hour, FirstCharge: eventtest.Midnight + 102*baseline.Hour,
		Entry: 2, Paid: true, Addr: eventtest.Addr(t, "6"), Agent: event.KeyOfString("app"), ASN: 65009, Country: 'U'<<8 | 'S',
		Stores: [maxStores]event.Key{event.KeyOfString("x"), event.KeyOfString("y")}, Volume: 6000 / 2, Currency: v.Currency,
		Outcome: v.Outcome, network: v.network, latest: v.latest,
	}
	if *v != want {
		t.Errorf("got  %+v\nwant %+v", *v, want)
	}
}

// TestOpen checks that what became of the others is taken as not known when
// the log ends within a day, and as known when they were seen again.
func TestOpen(t *testing.T) {
	p := policy.Default()
	for rows, want := range map[string]bool{
		"0h login dev=A\n1416h login dev=V":                    false, // a day before the end
		"0h login dev=A\n1416h1m login dev=V":                  true,
		"0h login dev=A\n1430h login dev=V\n1431h login dev=A": false,
		"1430h login dev=V":                                    true,
	} {
		if v := describe(t, &p, rows)["V"]; v.Open != want {
			t.Errorf("%q: open %v, want %v", rows, v.Open, want)
		}
	}
}

// TestHidden checks that who hides the device in the owner's session is a
// visitor in a session begun by another.
func TestHidden(t *testing.T) {
	p := policy.Default()
	visits := describe(t, &p, `
		0h    login dev=A ip=1 sess=s
		100h  topup 1000 sess=s ip=2
		101h  payment 1000 sess=s ip=3
		800h  login dev=A ip=1`)
	if len(visits) != 1 {
		t.Fatalf("%d visits", len(visits))
	}
	for _, v := range visits {
		if v.Device != 0 || v.Outcome[Session] != 1 || v.Outcome[Arrival] != 2 || v.Outcome[Charged] != 1 {
			t.Errorf("got %+v", v)
		}
	}
}
