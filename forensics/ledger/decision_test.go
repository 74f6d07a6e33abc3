package ledger

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLatest(t *testing.T) {
	yes := Decision{Account: "a", Confirm: true, Validation: Operator, Who: "one", When: 10}
	no := Decision{Account: "a", Validation: Operator, Who: "two", When: 20}
	charge := Decision{Account: "a", Txn: "t", Validation: Customer, Who: "three", When: 5}
	again := Decision{Account: "a", Confirm: true, Validation: Customer, Who: "four", When: 10}
	tests := []struct {
		name string
		in   []Decision
		want map[Subject]Decision
	}{
		{"none", nil, map[Subject]Decision{}},
		{"one", []Decision{yes}, map[Subject]Decision{{"a", ""}: yes}},
		{"the later one", []Decision{yes, no}, map[Subject]Decision{{"a", ""}: no}},
		{"account and charge", []Decision{no, charge}, map[Subject]Decision{{"a", ""}: no, {"a", "t"}: charge}},
		{"the stronger of one instant", []Decision{again, yes}, map[Subject]Decision{{"a", ""}: yes}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 5 {
				rand.Shuffle(len(tt.in), func(i, j int) { tt.in[i], tt.in[j] = tt.in[j], tt.in[i] })
				got, err := Latest(tt.in)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("what holds differs:\n%s", d)
				}
			}
		})
	}
}

func TestLatestConflict(t *testing.T) {
	list := []Decision{
		{Account: "b", Confirm: true, Who: "x", When: 7},
		{Account: "b", Who: "y", When: 7},
		{Account: "a", Txn: "t", Who: "two", When: 10},
		{Account: "a", Txn: "t", Confirm: true, Who: "one", When: 10},
		{Account: "a", Txn: "t", Confirm: true, Who: "early", When: 9},
	}
	const want = `account "a…", charge "t…": "o…" confirms it and "t…" dismisses it, both at 1970-01-01T00:00:00.00001Z: neither is the later one`
	for range 10 {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		_, err := Latest(list)
		var conflict *ConflictError
		if !errors.As(err, &conflict) || err.Error() != want {
			t.Fatalf("error %v, want %s", err, want)
		}
	}
	settled := append(list, Decision{Account: "a", Txn: "t", Who: "boss", When: 11}, Decision{Account: "b", Who: "boss", When: 8})
	if got, err := Latest(settled); err != nil || got[Subject{"a", "t"}].Who != "boss" || got[Subject{"b", ""}].Who != "boss" {
		t.Errorf("a later decision does not settle it: %v, %v", got, err)
	}
	long := []Decision{{Account: strings.Repeat("x\n", 10_000), When: 1}, {Account: strings.Repeat("x\n", 10_000), Confirm: true, When: 1}}
	if _, err := Latest(long); err == nil || len(err.Error()) > 1000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}
