package charge_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/charge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// visitsOf describes the visits of the devices named, as far as Attribute
// looks at them.
func visitsOf(a *baseline.Account, devices string) []takeover.Visit {
	var visits []takeover.Visit
	for _, d := range strings.Fields(devices) {
		for i := range a.Actors {
			if x := &a.Actors[i]; x.Key == event.KeyOfString(d) {
				visits = append(visits, takeover.Visit{Account: a.Key, Actor: x.Key, Device: x.Device, First: x.First, Last: x.Last, FirstCharge: x.FirstCharge, Opened: x.Opened})
			}
		}
	}
	return visits
}

// said writes the claims of an account in the order of its charges: the
// device, "-" for nobody, with its verdict, "+" where the instrument was
// brought.
func said(claims []charge.Claim, devices string) string {
	var out []string
	for _, c := range claims {
		s := "-"
		if c.Visit >= 0 {
			s = strings.Fields(devices)[c.Visit]
		}
		s += ":" + [...]string{refund.Own: "own", refund.Possible: "possible", refund.Named: "named"}[c.Verdict]
		if c.Foreign {
			s += "+"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestAttribute(t *testing.T) {
	for _, c := range []struct {
		name, rows, visits string
		tiers              []takeover.Tier
		want               string
	}{
		{"her coffee between two thefts stays hers", `
			0h login dev=A
			10h login dev=V
			10h1m topup 30000 dev=V
			10h2m payment 12000 dev=V
			10h3m payment 380 dev=A
			10h4m payment 17000 dev=V`, "V", []takeover.Tier{takeover.Confirmed}, "V:named V:named -:own V:named"},
		{"so it does by her session, and by her address", `
			0h login dev=A sess=a ip=1
			10h login dev=V sess=v ip=2
			10h1m payment 1 sess=v
			10h2m payment 1 sess=a
			10h3m payment 1 ip=2
			10h4m payment 1 ip=1`, "V", []takeover.Tier{takeover.Confirmed}, "V:named -:own V:named -:own"},
		{"probable is enough, possible is possible", `
			0h login dev=A
			10h payment 1 dev=V
			11h payment 1 dev=W`, "V W", []takeover.Tier{takeover.Probable, takeover.Possible}, "V:named W:possible"},
		{"nobody's charge while the thief was there is only possible", `
			0h login dev=A ip=1
			10h login dev=V ip=2
			10h1m topup 30000 dev=V
			10h2m payment 900 ip=9
			10h3m payment 12000 dev=V`, "V", []takeover.Tier{takeover.Confirmed}, "V:named V:possible V:named"},
		{"up to five minutes before and after", `
			0h login dev=A ip=1
			1h login dev=B ip=1
			9h54m payment 1 ip=5
			9h55m payment 1 ip=6
			10h login dev=V ip=2
			10h1m topup 30000 dev=V
			10h6m payment 1 ip=7
			10h7m payment 1 ip=8`, "V", []takeover.Tier{takeover.Confirmed}, "-:own V:possible V:named V:possible -:own"},
		{"the first of two thieves takes it", `
			0h login dev=A ip=1
			10h payment 1 dev=V
			10h1m payment 1 dev=W
			10h2m payment 1 ip=9`, "V W", []takeover.Tier{takeover.Possible, takeover.Confirmed}, "V:possible W:named V:possible"},
		{"nobody's charge beside one who never charged is nobody's", `
			0h login dev=A ip=1
			10h login dev=V ip=2
			10h1m payment 1 ip=9
			10h2m logout dev=V`, "V", []takeover.Tier{takeover.Confirmed}, "-:own"},
		{"what comes back follows its original", `
			0h login dev=A
			10h payment 100 dev=V txn=p
			11h refund 40 dev=V ref=p
			12h reversal 20 dev=V ref=p
			13h chargeback 40 dev=V ref=p`, "V", []takeover.Tier{takeover.Confirmed}, "V:named -:own -:own -:own"},
		{"moved out, paid out, declined", `
			0h login dev=A
			10h transfer_out 100 dev=V
			11h payout 100 dev=V
			12h topup 100 dev=V declined`, "V", []takeover.Tier{takeover.Confirmed}, "V:named V:named V:named"},
		{"what the thief's device moves in is the thief's, what others send is not", `
			0h login dev=A
			10h login dev=V
			10h1m transfer_in 5000 dev=V
			10h2m transfer_in 5000
			10h3m transfer_in 5000 dev=A
			10h4m payment 5000 dev=V`, "V", []takeover.Tier{takeover.Confirmed}, "V:named -:own -:own V:named"},
		{"a stolen session is not hers", `
			0h login dev=A sess=a
			1h payment 1 dev=A sess=a
			2h payment 1 dev=V sess=a`, "V", []takeover.Tier{takeover.Confirmed}, "-:own V:named"},
		{"no visits", "0h payment 1 dev=A", "", nil, "-:own"},

		{"a card that the thief brought", `
			0h login dev=A
			10h login dev=V
			10h1m card_register dev=V
			10h2m topup 1 dev=V ref=theirs
			10h3m payment 1 dev=V ref=theirs`, "V", []takeover.Tier{takeover.Confirmed}, "V:named+ V:named"},
		{"her card, although the thief registered another", `
			0h login dev=A
			1h topup 1 dev=A ref=hers
			10h card_register dev=V
			10h2m topup 1 dev=V ref=hers`, "V", []takeover.Tier{takeover.Confirmed}, "-:own V:named"},
		{"registered only afterwards", `
			0h login dev=A
			10h topup 1 dev=V ref=theirs
			11h card_register dev=V`, "V", []takeover.Tier{takeover.Confirmed}, "V:named"},
		{"registered by her", `
			0h card_register dev=A
			10h topup 1 dev=V ref=hers`, "V", []takeover.Tier{takeover.Confirmed}, "V:named"},
		{"a stranger's bank account in a wallet that the thief opened: the stranger is the victim", `
			0h account_create dev=V
			1h card_register dev=V
			2h topup 1 dev=V ref=theirs
			3h payment 1 dev=V`, "V", []takeover.Tier{takeover.Confirmed}, "V:named V:named"},
		{"which card is not said", `
			0h card_register dev=V
			10h topup 1 dev=V`, "V", []takeover.Tier{takeover.Confirmed}, "V:named"},
	} {
		t.Run(c.name, func(t *testing.T) {
			logins, charges, _ := eventtest.Read(t, "a", c.rows)
			var a baseline.Account
			a.Read(logins, charges)
			if got := said(charge.Attribute(&a, visitsOf(&a, c.visits), c.tiers), c.visits); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestAttributeByActor checks on random accounts that whatever an actor made
// follows what is thought of that actor, and that nothing is held against
// anybody for certain that no actor made.
func TestAttributeByActor(t *testing.T) {
	possible := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 21))
		var rows []string
		for range 2 + r.IntN(20) {
			row := fmt.Sprintf("%dm login dev=%c sess=s%d ip=%d", r.IntN(600), 'A'+r.IntN(4), r.IntN(5), r.IntN(6))
			if r.IntN(3) > 0 {
				kind := event.Kind(1 + r.IntN(8))
				row = fmt.Sprintf("%dm %v %d", r.IntN(600), kind, 1+r.IntN(900))
				row += [...]string{"", fmt.Sprintf(" dev=%c", 'A'+r.IntN(4)), fmt.Sprintf(" sess=s%d", r.IntN(5)), fmt.Sprintf(" ip=%d", r.IntN(9))}[r.IntN(4)]
			}
			rows = append(rows, row)
		}
		logins, charges, names := eventtest.Read(t, "a", strings.Join(rows, "\n"))
		var a baseline.Account
		a.Read(logins, charges)
		tiers := map[string]takeover.Tier{}
		var devices []string
		for _, d := range []string{"B", "C", "D"} {
			if tier := takeover.Tier(r.IntN(4)); tier != takeover.NoTier && len(visitsOf(&a, d)) > 0 {
				tiers[d], devices = tier, append(devices, d)
			}
		}
		var of []takeover.Tier
		for _, d := range devices {
			of = append(of, tiers[d])
		}
		visits := visitsOf(&a, strings.Join(devices, " "))
		for i, claim := range charge.Attribute(&a, visits, of) {
			want := refund.Own
			kind := charges[i].Kind
			switch by := a.ChargeBy[i]; {
			case kind == event.TransferIn: // by the device that sent it, if any
				if tier := tiers[names[charges[i].Device]]; tier >= takeover.Probable {
					want = refund.Named
				} else if tier == takeover.Possible {
					want = refund.Possible
				}
			case by != baseline.Nobody && tiers[names[a.Actors[by].Key]] >= takeover.Probable:
				want = refund.Named
			case by != baseline.Nobody && tiers[names[a.Actors[by].Key]] == takeover.Possible:
				want = refund.Possible
			case by == baseline.Nobody && slices.Contains([]event.Kind{event.TopUp, event.Payment, event.TransferOut, event.Payout}, kind):
				if claim.Verdict == refund.Possible {
					want = refund.Possible // whether it is in the window is the table's matter
					possible++
				}
			}
			if claim.Verdict != want || (claim.Visit >= 0) != (claim.Verdict != refund.Own) {
				t.Fatalf("seed %d: charge %d (%v) is %+v, want verdict %d\n%s", seed, i, kind, claim, want, strings.Join(rows, "\n"))
			}
		}
	}
	if possible < 100 {
		t.Errorf("only %d charges were nobody's in the window", possible)
	}
}
