package forensics_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/insider"
)

// counter is an incident with a hand inside: who was entered had paid at the
// kiosk, and the money was spent at one of its three registers. Names are such as
// attackers like.
func counter(r *rand.Rand) *book {
	b := month(r, 200)
	b.tries(300)
	till := func(n int) []string {
		return []string{"store_id==kiosk;1", fmt.Sprintf("terminal_id=T;%d", n), fmt.Sprintf("operator_id==P,%d", n)}
	}
	for n := range 24 {
		account, day := fmt.Sprintf("h%03d", n), time.Duration(3+r.IntN(8))*24*time.Hour
		b.pay(day, account, fmt.Sprintf("phone-%03d", n), "payment", 300, till(r.IntN(3))...)
		at, account := b.enter(n, "crew", "251.0.0.7")
		b.pay(at+1*time.Minute, account, "crew", "topup", 30_000, "funding_ref=card-"+account)
		b.pay(at+2*time.Minute+time.Duration(n)*10*time.Minute, account, "crew", "payment", 29_000, till(1)...)
	}
	for n := 30; n < 200; n++ { // honest people at the same tills, that evening
		at := raidAt + 3*time.Hour + time.Duration(r.IntN(300))*time.Minute
		b.pay(at, fmt.Sprintf("h%03d", n), fmt.Sprintf("phone-%03d", n), "payment", 500, till(r.IntN(3))...)
	}
	return b
}

func TestAHandInside(t *testing.T) {
	b := counter(rand.New(rand.NewPCG(11, 1)))
	c := investigate(t, b.log(rand.New(rand.NewPCG(1, 1)), 4), 2)
	var stand []string
	for _, g := range c.Insiders.List {
		if g.StandOut {
			stand = append(stand, line(g.Kind, g.Value, g.Store, g.Money, g.Currency))
		}
	}
	want := []string{
		"operator =P,1 =kiosk;1 696000 JPY", "register T;1 =kiosk;1 696000 JPY", "shop_before =kiosk;1  638000 JPY", // two of the 24 were entered too early
	}
	if diff := cmp.Diff(want, stand); diff != "" {
		t.Error(diff)
	}
	in := &c.Insiders
	if !in.Asked || in.Entered != 24 || in.Level != 50 || len(in.Kinds) != int(insider.Kinds) {
		t.Errorf("%+v", in)
	}
	because := map[string]string{}
	for _, k := range in.Kinds {
		because[k.Kind.String()] = k.Because
	}
	for kind, text := range map[string]string{"operator": "", "register": "", "shop_before": "", "shop_spent": "", "instrument": "", "entry": "",
		"opened_week": "no row of the auth log says so", "card_week": "no row of the auth log says so", "reset_week": "no row of the auth log says so"} {
		if got := because[kind]; !strings.HasPrefix(got, text) || text == "" && got != "" {
			t.Errorf("%s: %q, want %q", kind, got, text)
		}
	}
}

// TestInsidersInAnyOrder holds the list to be the same for other orders of rows
// and other partitions, but for where rows stand.
func TestInsidersInAnyOrder(t *testing.T) {
	b := counter(rand.New(rand.NewPCG(12, 1)))
	say := func(c *forensics.Case) (lines []string) {
		for _, g := range c.Insiders.List {
			lines = append(lines, line(g.Kind, g.Value, g.Store, g.Victims, g.Of, g.Others, g.OthersOf, g.Lift, g.Low, g.High, g.Chance, g.Money, g.First, g.Last))
		}
		return lines
	}
	want := say(investigate(t, b.log(rand.New(rand.NewPCG(1, 1)), 1), 1))
	if len(want) < 8 {
		t.Fatalf("%d groups", len(want))
	}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 2))
		if diff := cmp.Diff(want, say(investigate(t, b.shuffle(r).log(r, 1+int(seed)*3), 3))); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNoTills says that the log does not tell, and asks nothing where nobody was
// entered.
func TestNoTills(t *testing.T) {
	const question = "at which tills stolen money was spent"
	asks := func(b *book) (because string) {
		for _, u := range investigate(t, b.log(rand.New(rand.NewPCG(1, 1)), 4), 2).Unanswered {
			if u.Question == question {
				because = u.Because
			}
		}
		return because
	}
	if got := asks(incident()); !strings.HasPrefix(got, "columns operator_id and terminal_id are absent") {
		t.Errorf("%q", got)
	}
	if got := asks(month(rand.New(rand.NewPCG(1, 1)), 50)); got != "" {
		t.Errorf("%q, though nothing was stolen", got)
	}
	if got := asks(counter(rand.New(rand.NewPCG(11, 1)))); got != "" {
		t.Errorf("%q, though the log tells", got)
	}
}
