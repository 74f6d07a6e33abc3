package takeover

import (
	"context"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/policy"
)

const (
	minute   = 60 * baseline.Second
	townDays = 24
	server   = 0xf0ffff01 // where passwords are tried from
	tester   = event.Key(900_000)
	crew     = event.Key(910_000) // the first of the thieves' phones
)

// A town is accounts and what is done in them, for tests of many visits.
type town struct {
	r       *rand.Rand
	homes   int // accounts 1 to homes
	logins  []event.Login
	charges []event.Charge
}

// come adds a login and returns a payer in its session.
func (w *town) come(account, device event.Key, ip uint32, at int64) func(kind event.Kind, amount int64, after int64, store event.Key) {
	session := event.Key(len(w.logins) + 1)
	w.logins = append(w.logins, event.Login{
		Time: at, Account: account, Device: device, Session: session, Addr: event.AddrFrom4(ip), Agent: 1 + device%7,
		ASN: ip >> 8, Country: event.Country(ip>>16) | 1, Pos: event.At(0, int64(len(w.logins))),
		Action: event.LoginAction, Word: event.PackWord(event.Success, event.NoReason, true, false, false),
	})
	return func(kind event.Kind, amount, after int64, store event.Key) {
		n := int64(len(w.charges))
		w.charges = append(w.charges, event.Charge{
			Time: at + after, Account: account, Txn: event.Key(n + 1), Amount: amount, Device: device, Session: session,
			Addr: event.AddrFrom4(ip), Store: store, Pos: event.At(1, n), Currency: uint32(money.MustCurrency("JPY")),
			Kind: kind, Status: event.Approved, Funding: event.Balance,
		})
	}
}

// shop adds a login and what honest people do after it: mostly a coffee, now
// and then a top-up and more.
func (w *town) shop(account, device event.Key, ip uint32, at int64) {
	pay := w.come(account, device, ip, at)
	store := event.Key(1 + w.r.IntN(40))
	switch w.r.IntN(4) {
	case 0:
		pay(event.TopUp, 1000*int64(1+w.r.IntN(10)), int64(1+w.r.IntN(40))*minute, 0)
		pay(event.Payment, int64(100+w.r.IntN(4000)), int64(41+w.r.IntN(20))*minute, store)
	case 1, 2:
		pay(event.Payment, int64(100+w.r.IntN(1500)), int64(1+w.r.IntN(90))*minute, store)
	}
}

// newTown lets homes live for some weeks: of a hundred, some twelve get a new
// phone, eight a second one, four pay on a relative's, five come but once, and
// everybody mistypes.
func newTown(seed uint64, homes int) *town {
	w := &town{r: rand.New(rand.NewPCG(seed, 11)), homes: homes}
	for n := range homes {
		account, device, home := event.Key(1+n), event.Key(1000+n), 0xf0100000|uint32(n)<<2
		kind, turn := w.r.IntN(100), 2+w.r.IntN(townDays-4)
		for day := range townDays {
			at := eventtest.Midnight + int64(day)*baseline.Day + int64(w.r.IntN(16*60))*minute
			if w.r.IntN(3) == 0 || kind < 5 && day != turn {
				continue
			}
			switch {
			case kind < 12 && day >= turn:
				w.shop(account, 50_000+device, home, at)
			case kind < 20 && kind >= 12 && day >= turn && w.r.IntN(2) == 0:
				w.shop(account, 50_000+device, home, at)
			case kind < 24 && kind >= 20 && day == turn:
				w.shop(account, device+1, home+4, at)
			default:
				w.shop(account, device, home, at)
			}
			if w.r.IntN(40) == 0 {
				w.fail(account, device, home, at-minute)
			}
		}
	}
	return w
}

func (w *town) fail(account, device event.Key, ip uint32, at int64) {
	w.come(account, device, ip, at)
	w.logins[len(w.logins)-1].Word = event.PackWord(event.Failure, event.BadPassword, true, false, false)
}

// raid lets somebody try ids on day 12 from a server, get into some homes, and
// send phones there, seven homes each, to empty them.
func (w *town) raid(ids, victims int) {
	for n := range ids {
		w.fail(event.Key(100_000+n), tester, server, eventtest.Midnight+12*baseline.Day+int64(n)*baseline.Second)
	}
	for n := range victims {
		account, at := event.Key(1+n*w.homes/victims), eventtest.Midnight+12*baseline.Day+int64(ids*n/victims)*baseline.Second
		w.come(account, tester, server, at)
		pay := w.come(account, crew+event.Key(n/7), 0xf0800000|uint32(n/7)<<8, at+3*baseline.Hour)
		pay(event.TopUp, 30_000, minute, 0)
		pay(event.TopUp, 30_000, 2*minute, 0)
		pay(event.Payment, 55_000, 9*minute, event.Key(500+w.r.IntN(3)))
	}
}

// log spreads the accounts over partitions, as part says.
func (w *town) log(parts int, part func(account event.Key) int) *event.Log {
	slices.SortFunc(w.logins, func(a, b event.Login) int { return event.CompareLogins(&a, &b) })
	slices.SortFunc(w.charges, func(a, b event.Charge) int { return event.CompareCharges(&a, &b) })
	rows := make([]event.Part, parts)
	for _, row := range w.logins {
		p := &rows[part(row.Account)]
		p.Logins = append(p.Logins, row)
	}
	for _, row := range w.charges {
		p := &rows[part(row.Account)]
		p.Charges = append(p.Charges, row)
	}
	l := &event.Log{Parts: event.Pack(rows, part)}
	end := time.UnixMicro(eventtest.Midnight + townDays*baseline.Day)
	l.Sources = []event.Source{{Name: "auth", Role: event.Auth, Last: end}, {Name: "payments", Role: event.Payments, Last: end.Add(-time.Hour)}}
	return l
}

// search finds and weighs all visits of a log.
func search(t testing.TB, l *event.Log, p *policy.Policy, workers int) *Findings {
	t.Helper()
	f, err := Search(context.Background(), l, p, nil, workers, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// findings is search for a town in one partition, by the default policy.
func (w *town) findings(t testing.TB) *Findings {
	p := policy.Default()
	return search(t, w.log(1, func(event.Key) int { return 0 }), &p, 1)
}
