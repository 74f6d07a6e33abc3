package source

import (
	"context"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/forensics/policy"
)

// start is the instant that worlds begin at: 1 July 2019, UTC.
const start = int64(1561939200) * 1_000_000

// A world collects logins, in any order.
type world struct{ rows []event.Login }

// add adds a row at so many seconds from the start.
func (w *world) add(second int64, l event.Login) {
	l.Time = start + second*baseline.Second
	l.Pos = event.At(0, int64(len(w.rows)))
	if l.Action == event.NoAction {
		l.Action = event.LoginAction
	}
	w.rows = append(w.rows, l)
}

func failed(r event.Reason) uint8 { return event.PackWord(event.Failure, r, true, false, false) }

// An address of network n.
func addr(n, host uint32) event.Addr { return event.AddrFrom4(0xf0000000 | n<<8 | host) }

// people adds accounts from key first on, that log in once in each of the
// hours with one device each, all through one carrier's addresses.
func (w *world) people(first event.Key, accounts int, hours int64) {
	for n := range accounts {
		for h := range hours {
			w.add(h*3600+int64(n)%3600, event.Login{Account: first + event.Key(n), Device: 10_000_000 + first + event.Key(n),
				Addr: addr(uint32(n%50), 1), Agent: event.Key(1 + n%5), ASN: 65001})
		}
	}
}

// accounts returns the rows of all accounts, each in its order.
func (w *world) accounts() [][]event.Login {
	rows := slices.Clone(w.rows)
	slices.SortFunc(rows, func(a, b event.Login) int { return event.CompareLogins(&a, &b) })
	var out [][]event.Login
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Account == rows[0].Account {
			n++
		}
		out, rows = append(out, rows[:n]), rows[n:]
	}
	return out
}

// survey traces a world: account i lies in part and is traced by tracer of(i).
func (w *world) survey(t testing.TB, p *policy.Source, parts, workers, tracers int, of func(i int) (part, tracer int)) *Map {
	t.Helper()
	log, all := make([]event.Part, parts), make([]*Tracer, tracers)
	for i := range all {
		all[i] = NewTracer(parts, spill.New(1, t.TempDir()))
	}
	var a baseline.Account
	for i, rows := range w.accounts() {
		part, tracer := of(i)
		log[part].Logins = append(log[part].Logins, rows...)
		a.Read(rows, nil)
		all[tracer].Account(&a)
	}
	m, err := Survey(context.Background(), workers, event.Pack(log, nil), all, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// find surveys a world the simplest way, by the default policy.
func (w *world) find(t testing.TB) *Map {
	t.Helper()
	p := policy.Default()
	return w.survey(t, &p.Source, 8, 1, 1, func(i int) (int, int) { return i % 8, 0 })
}

// at returns the cell of a place, an empty one if it does not speak.
func (m *Map) at(p Place) Cell {
	if c := m.cells[p]; c != nil {
		return *c
	}
	return Cell{}
}
