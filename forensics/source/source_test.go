package source

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
	"github.com/paytriage/paytriage/forensics/odds"
	"github.com/paytriage/paytriage/forensics/policy"
)

// attack adds tries of a list: ids of which one in ten is known, two tries on
// each of the first twenty that are entered (the second gets in), one on the
// others. place says from where try n is made.
func (w *world) attack(ids, entered int, second int64, place func(n int, l *event.Login)) {
	for n := range ids {
		l := event.Login{Account: event.Key(1 + n*10), Word: failed(event.BadPassword)}
		if n%10 != 0 && n >= entered {
			l.Account, l.Word = event.Key(5_000_000+n), failed(event.UnknownAccount)
		}
		place(n, &l)
		w.add(second+int64(n), l)
		if n < entered {
			l.Word = event.PackWord(event.Success, event.NoReason, true, false, false)
			w.add(second+int64(n)+1, l)
		}
	}
}

// server is a single server with one device.
func server(n int, l *event.Login) {
	l.Addr, l.Device, l.Agent, l.ASN = addr(900, 7), 77, 700, 65900
}

func TestSingleServer(t *testing.T) {
	var w world
	w.people(1, 400, 48)
	w.attack(3000, 20, 20*3600, server)
	m := w.find(t)
	for _, kind := range []Place{{Addr, AllHours, event.Key(addr(900, 7))}, {Net, AllHours, netKey(addr(900, 7))}} {
		c := m.at(kind)
		// What failed on the accounts that were entered is by the device that
		// entered them, and so no stranger's.
		want := Cell{Place: kind, Failures: 2980, Unknown: 2682, Entries: 20, Newcomers: 20, Accounts: 3000, Entered: 20, First: c.First, Last: c.Last, Row: c.Row, Tries: c.Tries, Odds: c.Odds, Weight: c.Weight}
		if c != want {
			t.Errorf("%v: got %+v\nwant %+v", kind.Kind, c, want)
		}
		if c.Tries < 2700 || c.Weight < 300 {
			t.Errorf("%v: %d tries and weight %d; want nearly all tries, and a weight near the cap", kind.Kind, c.Tries, c.Weight)
		}
		if (c.First-start)/1e6 != 20*3600+1 || (c.Last-start)/1e6 != 20*3600+2999 {
			t.Errorf("%v: from %d to %d", kind.Kind, (c.First-start)/1e6, (c.Last-start)/1e6)
		}
	}
	var kinds []string
	for _, c := range m.Attack {
		kinds = append(kinds, c.Kind.String())
	}
	if !slices.Equal(kinds, []string{"ip", "network"}) {
		t.Errorf("sources of the attack are %v, want the address and its network", kinds)
	}
	entry := event.Login{Time: start + 21*3600e6, Addr: addr(900, 7), Agent: 700, ASN: 65900}
	if weight, place := m.Weight(SpotOf(&entry)); weight < 300 || place == nil || place.Kind != Addr {
		t.Errorf("an entry from the server weighs %d by %+v", weight, place)
	}
	if got := fmt.Sprint(m.Strangers, m.Foreign, m.Hours[20].Attempts, m.Hours[20].Failures, m.Hours[20].Entries); got != "20 20 3420 3000 20" {
		t.Errorf("strangers, foreign, and the hour of the attack: %s", got)
	}
}

// TestHonestCrowds checks places where many honest people are.
func TestHonestCrowds(t *testing.T) {
	ok := event.PackWord(event.Success, event.NoReason, true, false, false)
	p := policy.Default()
	listed := odds.Centibans(p.Source.ReportScore.Value)
	office := func(w *world, people int, typos, strangers, newcomers int) {
		for n := range people {
			l := event.Login{Account: event.Key(100_000 + n), Device: event.Key(200_000 + n), Addr: addr(900, 7), Agent: 3, ASN: 65001}
			for h := range int64(48) {
				l.Word = ok
				w.add(h*3600+int64(n), l)
			}
			if n < typos { // on her own phone
				l.Word = failed(event.BadPassword)
				w.add(5*3600, l)
				w.add(5*3600+30, l)
			}
			if n < newcomers { // a new phone
				l.Device, l.Word = event.Key(300_000+n), ok
				w.add(6*3600, l)
			}
			if n < strangers { // a wrong id
				l.Account, l.Device, l.Word = event.Key(400_000+n), event.Key(200_000+n), failed(event.UnknownAccount)
				w.add(int64(1+n%47)*3600+int64(n), l)
			}
		}
	}
	for _, c := range []struct {
		name string
		fill func(w *world)
		most odds.Centibans
	}{
		{"an office of 500, every third mistypes", func(w *world) { office(w, 500, 160, 0, 0) }, 0},
		{"the same with new phones", func(w *world) { office(w, 500, 160, 0, 60) }, 0},
		{"the same with more mistyped ids than elsewhere", func(w *world) { office(w, 500, 160, 40, 60) }, listed - 1},
		{"a family", func(w *world) { office(w, 4, 2, 1, 1) }, 0},
		{"one who forgot which id is hers", func(w *world) { office(w, 1, 1, 1, 1); office(w, 1, 0, 1, 0) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w world
			w.people(1, 400, 48)
			c.fill(&w)
			m := w.find(t)
			for _, l := range []event.Login{{Addr: addr(900, 7), Agent: 3, ASN: 65001}, {Addr: addr(900, 8)}, {Agent: 3}} {
				l.Time = start + 7*3600e6
				if weight, place := m.Weight(SpotOf(&l)); weight > c.most {
					t.Errorf("a login there weighs %d by %+v", weight, place)
				}
			}
			if len(m.Attack) > 0 {
				t.Errorf("called a source of the attack: %+v", *m.Attack[0])
			}
		})
	}
}

// proxies make each try from an address of its own.
func proxies(n int, l *event.Login) {
	l.Addr, l.Device, l.Agent, l.ASN = addr(uint32(1000+n), 9), event.Key(90_000+n), 700, uint32(65100+n%40)
}

func TestResidentialProxies(t *testing.T) {
	p := policy.Default()
	var w world
	w.people(1, 400, 48)
	w.attack(3000, 20, 20*3600, proxies)
	m := w.find(t)
	hour := hourAt(start) + 20
	for _, place := range []Place{{Agent, hour, 700}, {Service, hour, 0}, {Agent, AllHours, 700}} {
		c := m.at(place)
		if c.Entries != 20 || c.Entered != 20 || c.Accounts != 3000 || c.Failures != 2980 {
			t.Errorf("%v at %d: %+v", place.Kind, place.Hour, c)
		}
		if c.Weight < odds.Centibans(p.Source.ReportScore.Value) || c.Weight > odds.Centibans(p.Source.CapHour.Value) {
			t.Errorf("%v at %d weighs %d, want something up to the cap for what honest people share", place.Kind, place.Hour, c.Weight)
		}
	}
	for n := range 20 { // the addresses say nothing by themselves
		if c := m.at(Place{Addr, AllHours, event.Key(addr(uint32(1000+n), 9))}); c.Tries > 0 {
			t.Errorf("an address with one try speaks: %+v", c)
		}
	}
	entry := event.Login{Time: start + 20*3600e6 + 5, Addr: addr(1005, 9), Agent: 700, ASN: 65105}
	if weight, place := m.Weight(SpotOf(&entry)); weight == 0 || place.Kind == Addr || place.Kind == Net {
		t.Errorf("an entry of the attack weighs %d by %+v", weight, place)
	}
	later := event.Login{Time: start + 30*3600e6, Addr: addr(3, 1), Agent: 2, ASN: 65001}
	if weight, place := m.Weight(SpotOf(&later)); weight != 0 {
		t.Errorf("an entry ten hours later, from a carrier, weighs %d by %+v", weight, place)
	}
}

// TestExplained checks that what a server did does not count against those who
// come in the same hour, and that the same tries through proxies do.
func TestExplained(t *testing.T) {
	newcomer := event.Login{Time: start + 20*3600e6 + 5, Addr: addr(3, 1), Agent: 2, ASN: 65001}
	for _, c := range []struct {
		name  string
		place func(n int, l *event.Login)
		speak bool
	}{{"server", server, false}, {"proxies", proxies, true}} {
		var w world
		w.people(1, 400, 48)
		w.attack(3000, 20, 20*3600, c.place)
		weight, place := w.find(t).Weight(SpotOf(&newcomer))
		if (weight > 0) != c.speak {
			t.Errorf("%s: a new phone in the hour of the attack weighs %d by %+v", c.name, weight, place)
		}
	}
	// Both at once: the proxies still speak, but only by what is theirs.
	var w world
	w.people(1, 400, 48)
	w.attack(3000, 20, 20*3600, server)
	w.attack(1000, 10, 20*3600, func(n int, l *event.Login) { proxies(n, l); l.Account += 7_000_000 })
	// Their ten entries are the first that anybody sees of those accounts, and
	// no hour counts such.
	if c := w.find(t).at(Place{Service, hourAt(start) + 20, 0}); c.Entries != 0 || c.Accounts != 990 {
		t.Errorf("the hour, less what the server did: %+v", c)
	}
}

// TestWhatCounts checks which rows are a stranger's try, a stranger's entry, a
// known login, or nothing.
func TestWhatCounts(t *testing.T) {
	for _, c := range []struct {
		name string
		row  event.Login
		want string // attempts, failures, stranger's failures, entries, known
	}{
		{"a new device", event.Login{Device: 2}, "1 0 0 1 0"},
		{"a known one", event.Login{Device: 1}, "1 0 0 0 1"},
		{"by another's identity", event.Login{Device: 2, Action: event.ExternalLogin}, "1 0 0 1 0"},
		{"mistyped on a known one", event.Login{Device: 1, Word: failed(event.BadPassword)}, "1 1 0 0 0"},
		{"a stranger's failure", event.Login{Device: 2, Word: failed(event.BadPassword)}, "1 1 1 0 0"},
		{"a second factor that failed", event.Login{Device: 2, Action: event.MFAChallenge, Word: failed(event.MFAFailed)}, "1 1 1 0 0"},
		{"a second factor that was met is part of a login", event.Login{Device: 1, Action: event.MFAChallenge}, "1 0 0 0 0"},
		{"a logout", event.Login{Device: 1, Action: event.Logout}, "0 0 0 0 0"},
		{"a reset", event.Login{Device: 1, Action: event.PasswordReset}, "0 0 0 0 0"},
		{"history", event.Login{Device: 2, Word: event.PackWord(event.Success, event.NoReason, true, false, true)}, "0 0 0 0 0"},
		{"failed in history", event.Login{Device: 2, Word: event.PackWord(event.Failure, event.BadPassword, true, false, true)}, "0 0 0 0 0"},
	} {
		var w world
		w.add(0, event.Login{Account: 1, Device: 1, Addr: addr(1, 1)}) // her first
		c.row.Account, c.row.Addr = 1, addr(2, 2)
		w.add(7200, c.row)
		m, tracer := w.find(t), NewTracer(8, spill.New(0, ""))
		var h hour
		trace(tracer, &w)
		if x := tracer.hours[hourAt(start)+2]; x != nil {
			h = *x
		}
		if got := fmt.Sprint(h.attempts, h.failed, h.failures, h.entries, h.known); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if want := 1 + min(1, h.attempts); int64(len(m.Hours)) != want {
			t.Errorf("%s: %d hours, want %d", c.name, len(m.Hours), want)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := policy.Default()
	if _, err := Survey(ctx, 2, event.NewParts(8), []*Tracer{NewTracer(8, spill.New(0, ""))}, &p.Source); err == nil {
		t.Error("a survey that was cancelled gave no error")
	}
}
