package coverage

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Skew says how far the clock of the payment log is ahead of that of the auth
// log, in microseconds: no less than Low and no more than High, as far as the logs
// can tell.
//
// A charge cannot be made before the login that began its session, so the skew is
// no more than the time from login to charge of any session; nor after the session
// has ended by a logout or by the next login of the device in another session, so
// it is no less than the time from that end to the charge. Of all sessions, the
// hundredth that contradict most count as dirt.
//
// Where too few charges name a session of the auth log, devices stand in for them:
// the first login of a device in an account comes before its first charge there.
// Only devices that appear in the second half of the logs count, as those that were
// there from the start may have logged in before. They give no lower bound.
type Skew struct {
	By       string // what links the logs: session, device, or "" where nothing does
	Low      int64
	High     int64
	LowPairs int64 // ends of sessions that Low rests on
	Pairs    int64 // logins that High rests on
}

// MinPairs is how many pairs a bound wants.
const MinPairs = 20

// HasLow and HasHigh report whether there is such a bound.
func (s *Skew) HasLow() bool  { return s.LowPairs >= MinPairs }
func (s *Skew) HasHigh() bool { return s.Pairs >= MinPairs }

// Contradictory reports whether the bounds exclude each other: then no shift
// explains the logs.
func (s *Skew) Contradictory() bool { return s.HasLow() && s.HasHigh() && s.Low > s.High }

// Estimate returns the least skew that explains the logs, and whether there is a
// sign of any.
func (s *Skew) Estimate() (micros int64, ok bool) {
	switch {
	case s.Contradictory():
		return 0, false
	case s.HasHigh() && s.High < 0:
		return s.High, true
	case s.HasLow() && s.Low > 0:
		return s.Low, true
	}
	return 0, false
}

// manyRows is how many rows clocks are compared by; of longer logs only every
// second, fourth, … account is looked at, by its hash. A million rows hold some
// hundred thousand sessions, far more than a hundredth of them needs, and more
// rows cost every run a tenth of its time.
const manyRows = 1 << 20

// ClockSkew compares the clocks of the auth log and the payment log.
func ClockSkew(ctx context.Context, log *event.Log, workers int) (Skew, error) {
	every := uint64(1)
	for rows := log.Rows() / manyRows; rows > 0; rows /= 2 {
		every *= 2
	}
	s, err := compare(ctx, log, workers, "session", &linking{mask: every - 1})
	if err != nil || s.Pairs >= MinPairs || s.LowPairs >= MinPairs {
		return s, err
	}
	half, ok, err := middle(ctx, log, workers)
	if !ok {
		return s, err
	}
	d, err := compare(ctx, log, workers, "device", &linking{mask: every - 1, devices: true, half: half})
	if err == nil && d.Pairs > s.Pairs {
		return d, nil
	}
	return s, err
}

// compare gathers the pairs of all partitions.
func compare(ctx context.Context, log *event.Log, workers int, by string, how *linking) (Skew, error) {
	found, err := linkWalk.Run(ctx, workers, log.Parts, how, nil)
	if err != nil {
		return Skew{}, err
	}
	var all links
	for _, l := range found {
		all.after, all.before = append(all.after, l.after...), append(all.before, l.before...)
	}
	s := Skew{Pairs: int64(len(all.after)), LowPairs: int64(len(all.before))}
	if s.Pairs+s.LowPairs > 0 {
		s.By = by
	}
	s.High, s.Low = hundredth(all.after), -hundredth(all.before)
	return s, nil
}

// hundredth returns the value below which one in a hundred lies, 0 of none.
func hundredth(all []int64) int64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/100]
}

// middle returns the start of the hour by which half of the rows were written.
func middle(ctx context.Context, log *event.Log, workers int) (int64, bool, error) {
	found, err := hoursWalk.Run(ctx, workers, log.Parts, &nothing{}, nil)
	if err != nil {
		return 0, false, err
	}
	all := &histogram{}
	for _, h := range found {
		all.merge(h)
	}
	hours := all.hours()
	var total, before int64
	for _, n := range hours.Rows {
		total += n
	}
	for i, n := range hours.Rows {
		if before += n; 2*before >= total {
			return hours.From + int64(i)*hour, true, nil
		}
	}
	return 0, false, nil
}

var hoursWalk = event.NewWalk("hours", func(*nothing) *histogram { return &histogram{} }, func(h *histogram, _ int, rows *event.Cursor) {
	for rows.Logins.Next() {
		h.add(rows.Logins.Row.Time)
	}
	for rows.Charges.Next() {
		h.add(rows.Charges.Row.Time)
	}
}, func(h *histogram) *histogram { return h })

// A linking says how rows are paired: by sessions, or by devices within the half
// of the log up to a time; and of which accounts.
type linking struct {
	mask    uint64
	devices bool
	half    int64
}

// A linker pairs the rows of a worker's parts.
type linker struct {
	*linking
	links
}

var linkWalk = event.NewWalk("clocks", func(how *linking) *linker { return &linker{linking: how} }, func(l *linker, _ int, rows *event.Cursor) {
	if l.linking.devices {
		l.links.devices(rows, l.mask, l.half)
	} else {
		l.links.sessions(rows, l.mask)
	}
}, func(l *linker) *links { return &l.links })

// links are the pairs that one worker has found: the time from login to charge,
// and from charge to the end of the session, by the stamps.
type links struct {
	after, before []int64
	marks         []mark         `wire:"-"`
	logins        []event.Login  `wire:"-"` // of the account at hand
	spent         []event.Charge `wire:"-"`
}

// A mark is a row of an account, reduced to what links it.
type mark struct {
	by    event.Key // session or device
	other event.Key // device of a login, session in the order of devices
	time  int64
	what  what
	until int64 // of a login: the next of its device in another session; 0 if none
}

type what uint8

const (
	enters what = iota + 1
	charges
	leaves
	acts
)

// accounts calls do with the rows of every account that is looked at. They are
// valid within do alone.
func (l *links) accounts(rows *event.Cursor, mask uint64, do func([]event.Login, []event.Charge)) {
	in, out := &rows.Logins, &rows.Charges
	moreIn, moreOut := in.Next(), out.Next()
	for moreIn && moreOut {
		account := in.Row.Account
		// The upper bits choose partitions; the lower ones are as good as random.
		switch looked := bits.Reverse64(uint64(account))&mask == 0; {
		case account < out.Row.Account || !looked:
			moreIn = in.Next()
		case account > out.Row.Account:
			moreOut = out.Next()
		default:
			l.logins, moreIn = in.Account(l.logins[:0])
			l.spent, moreOut = out.Account(l.spent[:0])
			do(l.logins, l.spent)
		}
	}
}

// spends reports whether a charge is made by somebody in a session: what comes back
// later, comes by itself.
func spends(c *event.Charge) bool {
	return c.Kind == event.TopUp || c.Kind == event.Payment || c.Kind == event.TransferOut || c.Kind == event.Payout
}

func isEntry(l *event.Login) bool {
	return (l.Action == event.LoginAction || l.Action == event.ExternalLogin) && l.Outcome() == event.Success
}

// sessions pairs the sessions that are in both logs.
func (l *links) sessions(rows *event.Cursor, mask uint64) {
	l.accounts(rows, mask, func(logins []event.Login, spent []event.Charge) {
		l.marks = l.marks[:0]
		linked := false
		for i := range spent {
			if c := &spent[i]; c.Session != 0 && spends(c) {
				l.marks = append(l.marks, mark{by: c.Session, time: c.Time, what: charges})
				linked = true
			}
		}
		if !linked {
			return
		}
		from := len(l.marks)
		for i := range logins {
			if g := &logins[i]; g.Session != 0 && !g.History() {
				m := mark{by: g.Session, other: g.Device, time: g.Time, what: acts}
				switch {
				case isEntry(g):
					m.what = enters
				case g.Action == event.Logout:
					m.what = leaves
				}
				l.marks = append(l.marks, m)
			}
		}
		until(l.marks[from:])
		l.pair()
	})
}

// until notes for every login when its device logs in again in another session.
func until(marks []mark) {
	slices.SortFunc(marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.other, b.other), cmp.Compare(b.time, a.time), cmp.Compare(a.by, b.by), cmp.Compare(a.what, b.what))
	})
	var next, last mark // of the device: the last login of the session after, and of any
	for i := range marks {
		m := &marks[i]
		if m.what != enters || m.other == 0 {
			continue
		}
		switch {
		case last.other != m.other:
			next, last = mark{}, mark{}
		case last.by != m.by:
			next = last
		}
		m.until, last = next.time, *m
	}
}

// pair goes through the marks session by session.
func (l *links) pair() {
	slices.SortFunc(l.marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.by, b.by), cmp.Compare(a.time, b.time), cmp.Compare(a.what, b.what), cmp.Compare(a.until, b.until))
	})
	for i := 0; i < len(l.marks); {
		j := i + 1
		for j < len(l.marks) && l.marks[j].by == l.marks[i].by {
			j++
		}
		l.session(l.marks[i:j])
		i = j
	}
}

// session adds the pairs of one session, whose marks come by time. A session whose
// first row in the auth log is no login began before the log did.
func (l *links) session(marks []mark) {
	var entry, firstCharge, lastCharge, lastEntry, end int64
	var entered, opened, charged, ended bool
	for _, m := range marks {
		switch m.what {
		case charges:
			if !charged {
				firstCharge, charged = m.time, true
			}
			lastCharge = m.time
			continue
		case enters:
			if !opened {
				entry, entered = m.time, true
			}
			lastEntry, end, ended = m.time, m.until, m.until != 0
		case leaves:
			if entered && m.time >= lastEntry && (!ended || m.time < end) {
				end, ended = m.time, true
			}
		}
		opened = true
	}
	if !entered || !charged {
		return
	}
	l.after = append(l.after, firstCharge-entry)
	if ended {
		l.before = append(l.before, end-lastCharge)
	}
}

// devices pairs the devices that are in both logs and were in neither before half.
func (l *links) devices(rows *event.Cursor, mask uint64, half int64) {
	l.accounts(rows, mask, func(logins []event.Login, spent []event.Charge) {
		l.marks = l.marks[:0]
		for i := range logins {
			if g := &logins[i]; g.Device != 0 {
				m := mark{by: g.Device, time: g.Time, what: acts}
				switch {
				case isEntry(g) && !g.History():
					m.what = enters
				case g.Outcome() == event.Failure:
					continue
				}
				l.marks = append(l.marks, m)
			}
		}
		for i := range spent {
			if c := &spent[i]; c.Device != 0 && spends(c) {
				l.marks = append(l.marks, mark{by: c.Device, time: c.Time, what: charges})
			}
		}
		slices.SortFunc(l.marks, func(a, b mark) int {
			return cmp.Or(cmp.Compare(a.by, b.by), cmp.Compare(a.time, b.time), cmp.Compare(a.what, b.what))
		})
		for i := 0; i < len(l.marks); {
			j := i + 1
			for j < len(l.marks) && l.marks[j].by == l.marks[i].by {
				j++
			}
			l.device(l.marks[i:j], half)
			i = j
		}
	})
}

// device adds the pair of one device. One that did anything before it logged in,
// had logged in before.
func (l *links) device(marks []mark, half int64) {
	if marks[0].time < half {
		return
	}
	login, charge, act := first(marks, enters), first(marks, charges), first(marks, acts)
	if login != nil && charge != nil && (act == nil || act.time >= login.time) {
		l.after = append(l.after, charge.time-login.time)
	}
}

func first(marks []mark, w what) *mark {
	i := slices.IndexFunc(marks, func(m mark) bool { return m.what == w })
	if i < 0 {
		return nil
	}
	return &marks[i]
}

// MaxShift is how far a log may be shifted, in microseconds: 31 days. What is
// further off is no clock but another log.
const MaxShift = 31 * 24 * hour

// Shift takes micros away from the times of all charges, and of the sources they
// are from. The order of rows stays. It fails, before anything is changed, where a
// time would leave the years from 1900 to 9999. Nobody may read the log meanwhile.
func Shift(log *event.Log, micros int64) error {
	const first, last = -2_208_988_800_000_000, 253_402_300_799_999_999
	if micros < -MaxShift || micros > MaxShift {
		return fmt.Errorf("a shift of more than %d days", MaxShift/hour/24)
	}
	spans, err := spanWalk.Run(context.Background(), 1, log.Parts, &nothing{}, nil)
	if err != nil {
		return err
	}
	for _, s := range spans {
		if s.any && (s.from-micros < first || s.to-micros > last) {
			return fmt.Errorf("a payment would lie outside the years 1900 to 9999")
		}
	}
	log.Parts.Shift(micros)
	for i := range log.Sources {
		if s := &log.Sources[i]; s.Role == event.Payments && !s.First.IsZero() {
			s.First, s.Last = s.First.Add(-duration(micros)), s.Last.Add(-duration(micros))
		}
	}
	return nil
}

// A chargeSpan is the time from the first to the last charge of some parts.
type chargeSpan struct {
	any      bool
	from, to int64
}

var spanWalk = event.NewChargeWalk("charge-span", func(*nothing) *chargeSpan { return &chargeSpan{} }, func(s *chargeSpan, charges *event.ChargeCursor) {
	for charges.Next() {
		at := charges.Row.Time
		if !s.any {
			*s = chargeSpan{true, at, at}
		}
		s.from, s.to = min(s.from, at), max(s.to, at)
	}
}, func(s *chargeSpan) *chargeSpan { return s })

func duration(micros int64) time.Duration { return time.Duration(micros) * time.Microsecond }
