package coverage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/event/eventtest"
)

// logOfAccounts spreads small logs over partitions.
func logOfAccounts(t testing.TB, parts int, accounts map[string]string) *event.Log {
	t.Helper()
	rows := make([]event.Part, parts)
	for account, text := range accounts {
		l, c, _ := eventtest.Read(t, account, text)
		p := &rows[event.PartOf(event.KeyOfString(account), parts)]
		p.Logins, p.Charges = append(p.Logins, l...), append(p.Charges, c...)
	}
	for i := range rows {
		rows[i].Sort()
	}
	return &event.Log{Parts: event.Pack(rows, nil), Sources: []event.Source{{Role: event.Auth}, {Role: event.Payments, Repeats: 3}}}
}

func measure(t testing.TB, log *event.Log, workers int) *Report {
	t.Helper()
	r, err := Measure(context.Background(), log, workers)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMeasureCounts(t *testing.T) {
	r := measure(t, logOfAccounts(t, 2, map[string]string{
		"a": "1h login dev=d sess=s ip=1\n2h !login\n3h payment 100 dev=d store=S\n90h refund 100 ref=x",
		"b": "4h login hist\n5h topup 100 sess=q",
		"c": "6h login ua=u\n7h !login unknown",
		"d": "8h payment 5",
	}), 2)
	if len(r.Logs) != 3 || r.Both != 1 {
		t.Fatalf("%d logs, %d accounts in both", len(r.Logs), r.Both)
	}
	a, p, h := r.Of(event.Auth), r.Of(event.Payments), r.Of(event.History)
	if a.Rows != 4 || a.Accounts != 2 || p.Rows != 4 || p.Accounts != 3 || p.Repeats != 3 || h.Rows != 1 || h.Accounts != 1 {
		t.Errorf("auth %+v, payments %+v, history %+v", a, p, h)
	}
	if want := (Span{eventtest.Midnight + 3*hour, eventtest.Midnight + 7*hour}); r.Overlap != want {
		t.Errorf("both cover %v, want %v", r.Overlap, want)
	}
	if got := slices.IndexFunc(a.Fields, func(s Share) bool { return s == Share{event.ReasonWord, "failures", 1, 2} }); got < 0 {
		t.Errorf("reasons of failures: %v", a.Fields)
	}
	if got := slices.IndexFunc(p.Fields, func(s Share) bool { return s == Share{event.StoreID, "", 1, 4} }); got < 0 {
		t.Errorf("shops: %v", p.Fields)
	}
	if empty := measure(t, &event.Log{}, 3); len(empty.Logs) != 0 || empty.Overlap != (Span{}) {
		t.Errorf("of nothing: %+v", empty)
	}
}

// hoursOf makes hours from counts.
func hoursOf(rows []int64) Hours {
	return Hours{From: eventtest.Midnight, Rows: rows}
}

// poisson draws a count by multiplying uniform numbers (Knuth).
func poisson(r *rand.Rand, mean float64) (n int64) {
	for left := mean; ; {
		left -= r.ExpFloat64()
		if left < 0 {
			return n
		}
		n++
	}
}

// daily is how many rows an hour of the day usually has.
func daily(i int, size float64) float64 {
	if h := i % 24; h < 6 {
		return size / 20
	}
	return size
}

func TestQuietWindows(t *testing.T) {
	for _, tc := range []struct {
		name     string
		days     int
		size     float64
		from, to int // hours without rows
		burst    int // an hour with a hundred times as many
		want     int
	}{
		{"nothing is wrong", 10, 40, 0, 0, -1, 0},
		{"nothing is wrong in two months", 60, 40, 0, 0, -1, 0},
		{"a small service has empty hours", 20, 0.3, 0, 0, -1, 0},
		{"four hours are gone", 10, 40, 100, 104, -1, 1},
		{"four hours are gone in two months", 60, 40, 1000, 1004, -1, 1},
		{"two days are gone", 10, 40, 100, 148, -1, 1},
		{"most days are gone", 10, 40, 60, 200, -1, 1},
		{"the hours are nights", 10, 4, 96, 101, -1, 0},
		{"an attack makes no other day quiet", 5, 40, 0, 0, 60, 0},
		{"a small service is silent for three days", 20, 2, 240, 312, -1, 1},
		{"two days tell nothing", 2, 40, 20, 30, -1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 7))
				rows := make([]int64, tc.days*24)
				for i := range rows {
					if rows[i] = poisson(r, daily(i, tc.size)); i >= tc.from && i < tc.to {
						rows[i] = 0
					}
					if i == tc.burst {
						rows[i] *= 100
					}
				}
				h := hoursOf(rows)
				got, n := h.quiet()
				if n != tc.want || len(got) != n {
					t.Fatalf("seed %d: %d windows, want %d: %v", seed, n, tc.want, got)
				}
				for _, q := range got {
					from, to := eventtest.Midnight+int64(tc.from)*hour, eventtest.Midnight+int64(tc.to)*hour
					if q.Span.From > from+7*hour || q.Span.To < to-2*hour || q.Span.To > to+12*hour || q.Expected < quietLeast {
						t.Errorf("seed %d: %+v, want about %d to %d", seed, q, from, to)
					}
				}
			}
		})
	}
}

func TestStrayRowsDoNotStretchTheLog(t *testing.T) {
	var h histogram
	start := eventtest.Midnight
	for i := range int64(5000) {
		h.add(start + i*hour/20)
	}
	h.add(0)
	h.add(start + 400*24*hour)
	h.add(-1)
	h.add(200 * 366 * 24 * hour) // the year 2170
	got := h.hours()
	if got.From != start || len(got.Rows) != 250 || got.Astray != 4 {
		t.Errorf("from %d, %d hours, %d astray", got.From-start, len(got.Rows), got.Astray)
	}
	// Two years that are both of many rows are one log.
	for i := range int64(5000) {
		h.add(start + 400*24*hour + i*hour/20)
	}
	if got := h.hours(); len(got.Rows) != 400*24+250 || got.Astray != 3 {
		t.Errorf("%d hours, %d astray", len(got.Rows), got.Astray)
	}
}

func TestBins(t *testing.T) {
	f := func(hours, n, bins, step int) {
		t.Helper()
		rows := make([]int64, hours)
		var sum, got int64
		for i := range rows {
			rows[i] = int64(i)
			sum += rows[i]
		}
		h := hoursOf(rows)
		out, s := h.Bins(n)
		for _, c := range out {
			got += c
		}
		if len(out) != bins || s != step || got != sum {
			t.Errorf("%d hours in %d: %d of %d hours with %d rows, want %d of %d with %d", hours, n, len(out), s, got, bins, step, sum)
		}
	}
	f(0, 10, 0, 0)
	f(10, 10, 10, 1)
	f(11, 10, 6, 2)
	f(100, 10, 9, 12)
	f(1680, 10, 10, 168)
	f(100_000, 10, 10, 10_000)
}

// world makes accounts whose payments clock is ahead, as a service has them:
// logins, payments in their sessions, logouts. A share of the sessions is dirt.
func world(t testing.TB, skew time.Duration, n int, sessions, logouts bool) *event.Log {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 5))
	accounts := map[string]string{}
	for i := range n {
		at := time.Duration(r.Int64N(int64(20 * 24 * time.Hour)))
		text := ""
		session := fmt.Sprintf(" sess=s%d", i)
		if !sessions {
			session = ""
		}
		wait := time.Second + time.Duration(r.ExpFloat64()*float64(time.Minute))
		stay := 2*time.Second + time.Duration(r.ExpFloat64()*float64(time.Minute))
		if i%200 == 7 { // dirt: the session began before
			wait = -time.Hour
		}
		text += fmt.Sprintf("%v login dev=d%d%s\n", at, i, session)
		text += fmt.Sprintf("%v payment 100 dev=d%d%s\n", at+wait+skew, i, session)
		text += fmt.Sprintf("%v refund 100 dev=d%d%s\n", at+wait+300*time.Hour, i, session)
		if logouts {
			text += fmt.Sprintf("%v logout dev=d%d%s\n", at+wait+stay, i, session)
		} else {
			text += fmt.Sprintf("%v login dev=d%d%s\n", at+wait+stay, i, session+"b")
		}
		accounts[fmt.Sprintf("a%d", i)] = text
	}
	return logOfAccounts(t, 4, accounts)
}

func TestSkew(t *testing.T) {
	for _, skew := range []time.Duration{0, 90 * time.Second, -2 * time.Minute, 9 * time.Hour, -9 * time.Hour} {
		for _, logouts := range []bool{true, false} {
			s, err := ClockSkew(context.Background(), world(t, skew, 1000, true, logouts), 2)
			if err != nil {
				t.Fatal(err)
			}
			got, sign := s.Estimate()
			off := time.Duration(got)*time.Microsecond - skew
			switch {
			case s.By != "session" || s.Pairs < 990 || s.LowPairs == 0 || s.Contradictory():
				t.Errorf("shifted by %v: %+v", skew, s)
			case s.Low > skew.Microseconds() || s.High < skew.Microseconds():
				t.Errorf("shifted by %v, outside of %v to %v", skew, s.Low, s.High)
			case sign != (skew != 0):
				t.Errorf("shifted by %v: a sign is %v", skew, sign)
			case sign && (off < -4*time.Second || off > 4*time.Second):
				t.Errorf("shifted by %v: estimated with an error of %v", skew, off)
			}
		}
	}
}

func TestSkewByDevices(t *testing.T) {
	s, err := ClockSkew(context.Background(), world(t, -2*time.Minute, 1000, false, true), 3)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := s.Estimate()
	if s.By != "device" || s.HasLow() || !ok || got < (-2*time.Minute).Microseconds() || got > (-110*time.Second).Microseconds() {
		t.Errorf("%+v", s)
	}
	if s.Pairs < 300 || s.Pairs > 600 {
		t.Errorf("%d devices are of the second half", s.Pairs)
	}
}

func TestSkewWantsPairs(t *testing.T) {
	for _, n := range []int{0, 1, MinPairs - 1} {
		s, err := ClockSkew(context.Background(), world(t, -time.Hour, n, true, true), 1)
		if _, sign := s.Estimate(); err != nil || sign || s.HasHigh() || s.HasLow() {
			t.Errorf("%d pairs: %+v, %v", n, s, err)
		}
	}
}

// TestWorkersAndPartsDoNotMatter checks that nothing depends on how work is shared.
func TestWorkersAndPartsDoNotMatter(t *testing.T) {
	one := world(t, time.Minute, 300, true, false)
	want := measure(t, one, 1)
	var all event.Part
	for part, err := range one.Parts.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all.Logins, all.Charges = append(all.Logins, part.Logins...), append(all.Charges, part.Charges...)
	}
	merged := &event.Log{Sources: one.Sources, Parts: event.Pack([]event.Part{all}, nil)}
	for name, got := range map[string]*Report{"7 workers": measure(t, one, 7), "one partition": measure(t, merged, 2)} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestShift(t *testing.T) {
	log := world(t, time.Minute, 100, true, true)
	at := time.UnixMicro(eventtest.Midnight)
	log.Sources[1].First, log.Sources[1].Last = at, at
	before, err := ClockSkew(context.Background(), log, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := Shift(log, time.Minute.Microseconds()); err != nil {
		t.Fatal(err)
	}
	after, err := ClockSkew(context.Background(), log, 1)
	if _, sign := after.Estimate(); err != nil || sign || before.High-after.High != time.Minute.Microseconds() || before.Low-after.Low != time.Minute.Microseconds() {
		t.Errorf("%+v became %+v, %v", before, after, err)
	}
	if log.Sources[1].First != at.Add(-time.Minute) {
		t.Errorf("the source begins %v", log.Sources[1].First)
	}
	for _, micros := range []int64{MaxShift + 1, -MaxShift - 1, -1 << 63} {
		if Shift(log, micros) == nil {
			t.Errorf("a shift by %d", micros)
		}
	}
	const first = -2_208_988_800_000_000
	early := &event.Log{Parts: event.Pack([]event.Part{{Charges: []event.Charge{{Account: 1, Time: first}}}}, nil)}
	if Shift(early, 1) == nil {
		t.Error("a charge before the year 1900")
	}
	for part, err := range early.Parts.All(t.Context()) {
		if err != nil || part.Charges[0].Time != first {
			t.Errorf("a shift that failed left %+v, %v", part.Charges[0], err)
		}
	}
}
