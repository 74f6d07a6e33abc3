package ledger

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
)

func TestAddUp(t *testing.T) {
	one, two := line("id1", "a", "t1", 1000), wallet("id2", "a", "t1", -300)
	one.Returned, one.Amount, one.Earlier, one.Payable = 100, 900, 400, 500
	two.ChargedAt = 0
	got, err := AddUp([]Line{one, two})
	if err != nil {
		t.Fatal(err)
	}
	hash := func(ids ...string) (sum int64) {
		for _, id := range ids {
			sum = int64((uint64(sum) + IDHash(id)) & math.MaxInt64)
		}
		return sum
	}
	both := Total{Currency: yen, Lines: 2, Gross: 700, Returned: 100, Amount: 600, Earlier: 400, Payable: 200, Hash: hash("id1", "id2")}
	first := Total{Currency: yen, Lines: 1, Gross: 1000, Returned: 100, Amount: 900, Earlier: 400, Payable: 500, Hash: hash("id1")}
	second := Total{Currency: yen, Lines: 1, Gross: -300, Amount: -300, Payable: -300, Hash: hash("id2")}
	as := func(t Total, by, value string) Total { t.By, t.Value = by, value; return t }
	want := []Total{as(both, "all", "all"), as(first, "action", "pay"), as(second, "action", "take_back"), as(both, "status", "open"),
		as(first, "channel", "card"), as(second, "channel", "balance"), as(both, "tier", "confirmed"),
		as(second, "day", "none"), as(first, "day", "1970-04-11")}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("totals differ:\n%s", d)
	}
}

// The hash total is the one that is written down: the first eight bytes of
// SHA-256, as of the id "abc" of FIPS 180-2.
func TestIDHash(t *testing.T) {
	if got := IDHash("abc"); got != 0xba7816bf8f01cfea {
		t.Errorf("%x", got)
	}
}

// Each way of adding up comes to the same, in any order of lines, and the parts
// of a ledger to the whole.
func TestAddUpProperties(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 9))
		lines, earlier := someCase(r)
		if _, err := Net(lines, earlier, 10, isCharge); err != nil {
			t.Fatal(err)
		}
		all, err := AddUp(lines)
		if err != nil {
			t.Fatal(err)
		}
		if err := Agree(all, all); err != nil {
			t.Fatal(err)
		}
		cut := r.IntN(len(lines) + 1)
		one, err := AddUp(lines[:cut])
		if err != nil {
			t.Fatal(err)
		}
		two, err := AddUp(lines[cut:])
		if err != nil {
			t.Fatal(err)
		}
		if err := Agree(all, one, two); err != nil {
			t.Fatal(err)
		}
		if cut < len(lines) && Agree(all, one) == nil {
			t.Fatal("a part is the whole")
		}
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		if shuffled, err := AddUp(lines); err != nil || !cmp.Equal(all, shuffled) {
			t.Fatalf("the order of lines changes totals (%v)", err)
		}
		all[r.IntN(len(all))].Payable++
		if Agree(all, one, two) == nil {
			t.Fatal("a wrong total is not noticed")
		}
	}
}

func TestAddUpOverflow(t *testing.T) {
	a, b := line("id1", "a", "t1", math.MaxInt64), line("id2", "a", "t2", 1)
	if _, err := AddUp([]Line{a, b}); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("error %v", err)
	}
}

func TestAction(t *testing.T) {
	for _, tt := range []struct {
		status  refund.Status
		payable int64
		want    string
	}{{refund.Open, 1, "pay"}, {refund.Open, -1, "take_back"}, {refund.Open, 0, "nothing"}, {refund.Closed, 0, "nothing"},
		{refund.Held, 1, "wait"}, {refund.NeedsDecision, 1, "wait"}, {refund.Exception, -1, "wait"}} {
		if got := (&Line{Status: tt.status, Payable: tt.payable}).Action().String(); got != tt.want {
			t.Errorf("%s of %d: %s, want %s", tt.status, tt.payable, got, tt.want)
		}
	}
}
