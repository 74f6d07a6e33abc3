package event

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/stage"
)

// A sum is what the walks of the tests make of rows.
type sum struct {
	logins, charges int64
	times           int64 // of charges, added up
	parts           []int
}

type sumOptions struct{ times int64 }

type summing struct {
	*sumOptions
	sum
}

var sumWalk = NewWalk("test-sum", func(o *sumOptions) *summing { return &summing{sumOptions: o} }, func(s *summing, i int, rows *Cursor) {
	s.parts = append(s.parts, i)
	for rows.Logins.Next() {
		s.logins += s.sumOptions.times
	}
	for rows.Charges.Next() {
		s.charges += s.sumOptions.times
		s.sum.times += rows.Charges.Row.Time
	}
}, func(s *summing) *sum { return &s.sum }).Giving(func(s *summing) [][]byte { return [][]byte{fmt.Appendf(nil, "%d", s.logins)} })

var partWalk = NewPartWalk("test-part", func(*sumOptions) *sum { return &sum{} }, func(s *sum, p *Part) {
	s.logins += int64(len(p.Logins))
	s.charges += int64(len(p.Charges))
}, func(s *sum) *sum { return s })

var loginWalk = NewLoginWalk("test-logins", func(*sumOptions) *sum { return &sum{} }, func(s *sum, rows *LoginCursor) {
	for rows.Next() {
		s.logins++
	}
}, func(s *sum) *sum { return s })

var chargeWalk = NewChargeWalk("test-charges", func(*sumOptions) *sum { return &sum{} }, func(s *sum, rows *ChargeCursor) {
	for rows.Next() {
		s.charges++
	}
}, func(s *sum) *sum { return s })

func total(t *testing.T, all []*sum, err error) sum {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var s sum
	for _, o := range all {
		s.logins, s.charges, s.times = s.logins+o.logins, s.charges+o.charges, s.times+o.times
		s.parts = append(s.parts, o.parts...)
	}
	slices.Sort(s.parts)
	return s
}

// someParts returns parts with random rows, and their accounts; some parts have
// none.
func someParts(n int) (*Parts, []Key) {
	rnd := rand.New(rand.NewPCG(1, 2))
	rows := make([]Part, n)
	var accounts []Key
	for range 40 {
		account := Key(rnd.Uint64())
		p := PartOf(account, n)
		if p%3 == 1 {
			continue
		}
		accounts = append(accounts, account)
		for i := range 1 + rnd.IntN(200) {
			rows[p].Logins = append(rows[p].Logins, Login{Account: account, Time: int64(i), Device: Key(rnd.IntN(3)), Pos: At(0, int64(rnd.IntN(1000)))})
			rows[p].Charges = append(rows[p].Charges, Charge{Account: account, Time: int64(2 * i), Txn: Key(rnd.Uint64()), Amount: rnd.Int64N(5000), Pos: At(1, int64(i))})
		}
	}
	for i := range rows {
		rows[i].Sort()
	}
	return Pack(rows, nil), accounts
}

// farOf puts parts where an engine has them.
func farOf(t *testing.T, e stage.Engine, near *Parts) *Parts {
	t.Helper()
	var blocks []stage.Block
	summaries := map[int]*Summary{}
	for i := range near.Len() {
		if near.Rows(i) == 0 {
			continue
		}
		form, s, err := near.Form(i)
		if err != nil {
			t.Fatal(err)
		}
		blocks, summaries[i] = append(blocks, stage.Block{Key: i, Data: form}), s
	}
	if err := e.Put(context.Background(), "parts", blocks); err != nil {
		t.Fatal(err)
	}
	return FarParts(context.Background(), e, "parts", summaries, near.Len())
}

func TestWalksAreTheSameFarAway(t *testing.T) {
	ctx := context.Background()
	near, _ := someParts(16)
	far := farOf(t, stage.NewLocal(3), near)
	opt := cmp.AllowUnexported(sum{})
	for _, shift := range []int64{0, 1000, -7} {
		near.Shift(shift)
		far.Shift(shift)
		here, err := sumWalk.Run(ctx, 2, near, &sumOptions{3}, nil)
		want := total(t, here, err)
		want.parts = slices.DeleteFunc(want.parts, func(i int) bool { return near.Rows(i) == 0 })
		var walked int64
		there, err := sumWalk.Run(ctx, 2, far, &sumOptions{3}, func(n int64) { walked += n })
		if diff := cmp.Diff(want, total(t, there, err), opt); diff != "" {
			t.Errorf("shifted by %d: %s", shift, diff)
		}
		if rows := (want.logins + want.charges) / 3; walked != rows || rows == 0 {
			t.Errorf("progress says %d rows, want %d", walked, rows)
		}
	}
	for _, w := range []interface {
		Run(context.Context, int, *Parts, *sumOptions, func(int64)) ([]*sum, error)
	}{partWalk, loginWalk, chargeWalk} {
		here, err := w.Run(ctx, 3, near, &sumOptions{}, nil)
		there, err2 := w.Run(ctx, 3, far, &sumOptions{}, nil)
		if diff := cmp.Diff(total(t, here, err), total(t, there, err2), opt); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRowsOfAccountsAreFetched(t *testing.T) {
	ctx := context.Background()
	near, accounts := someParts(16)
	e := stage.NewLocal(2)
	far := farOf(t, e, near)
	near.Shift(5)
	far.Shift(5)
	// Some at once, the others when they are asked for; one is not there.
	if err := far.Fetch(ctx, accounts[:5]); err != nil {
		t.Fatal(err)
	}
	here, there := near.NewReader(), far.NewReader()
	for i, k := range append(slices.Clone(accounts), 12345) {
		want, err := here.Account(k)
		got, err2 := there.Account(k)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if diff := cmp.Diff(want, got); diff != "" || got.Any() != (i < len(accounts)) {
			t.Errorf("account %d: %s", k, diff)
		}
	}
}

func TestFarPartsSayWhatTheyHold(t *testing.T) {
	ctx := context.Background()
	near, _ := someParts(16)
	e := stage.NewLocal(1)
	far := farOf(t, e, near)
	if near.AnyLogin() != far.AnyLogin() || near.AnyCharge() != far.AnyCharge() || near.HasReason(UnknownAccount) != far.HasReason(UnknownAccount) {
		t.Error("which columns are filled is not what it is here")
	}
	for i := range near.Len() {
		if near.Rows(i) != far.Rows(i) {
			t.Errorf("part %d: %d rows, want %d", i, far.Rows(i), near.Rows(i))
		}
	}
	// What needs all rows here is refused, not answered with nothing.
	for _, err := range far.All(ctx) {
		if err == nil {
			t.Error("all rows were given out without any being here")
		}
	}
	if _, err := EachCursor(ctx, 1, far, func() int { return 0 }, func(int, int, *Cursor) {}); err == nil {
		t.Error("rows that are not here were gone through")
	}
	if _, err := far.NewReader().Part(0); err == nil {
		t.Error("a part that is not here was read")
	}
	if _, err := e.Run(ctx, &stage.Request{Stage: "test-logins", Config: []byte("x"), In: []string{"parts"}}); err == nil || !strings.Contains(err.Error(), "test-logins") {
		t.Errorf("a configuration that is none: %v", err)
	}
}

func TestPartsThatAreNone(t *testing.T) {
	near, _ := someParts(4)
	form, _, err := near.Form(0)
	if err != nil {
		t.Fatal(err)
	}
	for n := range min(len(form), 2000) {
		if _, err := readPart([][]byte{form[:n]}); err == nil {
			t.Fatalf("%d of %d bytes were taken for a part", n, len(form))
		}
	}
	if _, err := readPart(nil); err == nil {
		t.Error("no block was taken for a part")
	}
}
