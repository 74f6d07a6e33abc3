package source

import (
	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/spill"
)

// A touch is one act of a stranger at a place.
type touch struct {
	value   event.Key // of the place; 0 for an Addr, which is addr, and for Service
	addr    event.Addr
	account event.Key
	time    int64
	row     event.Pos
	kind    Kind
	entry   bool
	first   bool // the entry is the first that the log shows of the account
	unknown bool
}

type hour struct{ known, failures, entries, firsts, attempts, failed int64 }

// A Tracer takes in accounts, one after the other. Each worker has its own.
type Tracer struct {
	hours map[int32]*hour

	parts   int               `wire:"-"`
	owner   *spill.Owner      `wire:"-"`
	addrs   *event.Fan[touch] `wire:"-"` // by network
	others  *event.Fan[touch] `wire:"-"` // by user agent, operator or hour
	hourOf  int32             `wire:"-"`
	hourNow *hour             `wire:"-"`
}

// NewTracer returns a Tracer for a log with the given number of partitions, which
// keeps what it takes in in a memory.
func NewTracer(parts int, memory *spill.Memory) *Tracer {
	owner := memory.NewOwner()
	return &Tracer{parts: parts, owner: owner, addrs: event.NewFan[touch](owner, parts), others: event.NewFan[touch](owner, parts),
		hours: map[int32]*hour{}, hourOf: AllHours}
}

// hourAt returns the hour of a time.
func hourAt(micros int64) int32 {
	h := micros / baseline.Hour
	if micros < 0 && micros%baseline.Hour != 0 {
		h--
	}
	return int32(h)
}

// Account takes in the logins of an account.
func (t *Tracer) Account(a *baseline.Account) {
	for i := range a.Logins {
		l := &a.Logins[i]
		if l.History() || l.Action != event.LoginAction && l.Action != event.ExternalLogin && l.Action != event.MFAChallenge {
			continue
		}
		by := a.LoginBy[i]
		t.hour(l.Time).attempts++
		switch {
		case l.Outcome() == event.Failure:
			t.hour(l.Time).failed++
			if by == baseline.Nobody {
				t.hour(l.Time).failures++
				t.stranger(l, false, false)
			}
		case by == baseline.Nobody || l.Action == event.MFAChallenge:
		case a.Actors[by].Entry == int32(i):
			first := by == 0
			t.hour(l.Time).entries++
			if first {
				t.hour(l.Time).firsts++
			}
			t.stranger(l, true, first)
		default:
			t.hour(l.Time).known++
		}
	}
}

// netKey spreads networks evenly; Addr is not a hash.
func netKey(a event.Addr) event.Key {
	return event.Key(a.Net()).Join(event.Key(Net))
}

func asnKey(n uint32) event.Key {
	if n == 0 {
		return 0
	}
	return event.Key(n).Join(event.Key(ASN))
}

func (t *Tracer) hour(micros int64) *hour {
	h := hourAt(micros)
	if h != t.hourOf || t.hourNow == nil {
		if t.hours[h] == nil {
			t.hours[h] = &hour{}
		}
		t.hourOf, t.hourNow = h, t.hours[h]
	}
	return t.hourNow
}

func (t *Tracer) stranger(l *event.Login, entry, first bool) {
	row := touch{addr: l.Addr, account: l.Account, time: l.Time, row: l.Pos, entry: entry, first: first,
		unknown: !entry && l.Reason() == event.UnknownAccount}
	if l.Addr != 0 {
		row.kind = Addr
		*t.addrs.Slot(event.PartOf(netKey(l.Addr), t.parts)) = row
	}
	if first {
		return // see Cell.Newcomers
	}
	for _, place := range [...]Place{{Kind: Agent, Value: l.Agent}, {Kind: ASN, Value: asnKey(l.ASN)}} {
		if place.Value != 0 {
			row.kind, row.value = place.Kind, place.Value
			*t.others.Slot(event.PartOf(place.Value, t.parts)) = row
		}
	}
	row.kind, row.value = Service, 0
	*t.others.Slot(event.PartOf(event.Key(hourAt(l.Time)).Join(event.Key(Service)), t.parts)) = row
}
