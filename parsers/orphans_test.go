package parsers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// orphanLog loads payments of which the last lines are given.
func orphanLog(t *testing.T, lines ...string) *event.Log {
	t.Helper()
	text := "event_time,txn_id,account_id,kind,amount,original_txn_id\n" +
		"2019-07-01T10:00:00Z,t1,ann,topup,3000,\n" +
		"2019-07-01T10:05:00Z,t2,bob,topup,5000,\n" +
		strings.Join(lines, "\n") + "\n"
	log := mustLoad(t, write(t, file{"payments.csv", text, event.Payments}), yen(), block.Size)
	checkLaw(t, log)
	return log
}

// accounts returns the account of every transaction, as its text says.
func accounts(t *testing.T, log *event.Log) string {
	t.Helper()
	var rows []event.Pos
	var keys []event.Key
	for _, p := range partsOf(log) {
		for _, c := range p.Charges {
			rows, keys = append(rows, c.Pos), append(keys, c.Account)
		}
	}
	texts, err := log.Text(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for i := range texts {
		account := texts[i].Get(event.AccountID)
		if event.KeyOf([]byte(account)) != keys[i] {
			t.Errorf("%s: the text says %q, the row another account", texts[i].Get(event.TxnID), account)
		}
		found[texts[i].Get(event.TxnID)] = account
	}
	return fmt.Sprint(found)
}

func TestAnOrphanIsOfItsOriginalsAccount(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string
		lost  string
	}{
		{"refund", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,t1"}, "map[r1:ann t1:ann t2:bob]", ""},
		{"chain", []string{"2019-07-03T00:00:00Z,r2,,reversal,1000,r1", "2019-07-02T00:00:00Z,r1,,chargeback,1000,t2"}, "map[r1:bob r2:bob t1:ann t2:bob]", ""},
		{"the same with and without", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,t1", "2019-07-02T00:00:00Z,r1,ann,refund,1000,t1"}, "map[r1:ann t1:ann t2:bob]", ""},
		{"no original", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,t9"}, "map[t1:ann t2:bob]", noOriginal},
		{"circle", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,r2", "2019-07-02T00:00:00Z,r2,,refund,1000,r1"}, "map[t1:ann t2:bob]", noOriginal},
		{"itself", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,r1"}, "map[t1:ann t2:bob]", noOriginal},
		{"no return", []string{"2019-07-02T00:00:00Z,r1,,payment,1000,t1"}, "map[t1:ann t2:bob]", isEmpty},
		{"nothing named", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,"}, "map[t1:ann t2:bob]", isEmpty},
		{"original of two", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,t1", "2019-07-01T10:00:00Z,t1,eve,topup,3000,"}, "map[t2:bob]", manyOwners},
		// The original is rejected, but all say whose it is.
		{"original that contradicts itself", []string{"2019-07-02T00:00:00Z,r1,,refund,1000,t1", "2019-07-01T10:00:00Z,t1,ann,topup,4000,"}, "map[r1:ann t2:bob]", ""},
	} {
		log := orphanLog(t, c.lines...)
		if got := accounts(t, log); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		lost := ""
		for _, r := range log.Rejects {
			if r.Column == "account_id" {
				lost = r.Reason
			}
		}
		if lost != c.lost {
			t.Errorf("%s: rejected as %q, want %q", c.name, lost, c.lost)
		}
	}
}

// TestALongChainOfOrphansIsFollowedOnce would not end if every step looked at
// all rows again.
func TestALongChainOfOrphansIsFollowedOnce(t *testing.T) {
	const n = 200_000
	orphans := make([]orphan, n)
	for i := range orphans {
		orphans[n-1-i] = orphan{event.Charge{Txn: event.Key(i + 2), Ref: event.Key(i + 1)}, noOriginal}
	}
	follow(orphans, map[event.Key]owner{1: {account: 7}})
	for i := range orphans {
		if orphans[i].Account != 7 {
			t.Fatalf("orphan %d has no account", i)
		}
	}
}

// TestUnownedReturnsAreKept: who knows the originals asks for them.
func TestUnownedReturnsAreKept(t *testing.T) {
	text := "event_time,txn_id,account_id,kind,amount,original_txn_id\n" +
		"2019-07-01T10:00:00Z,r1,,refund,3000,t1\n" +
		"2019-07-01T10:00:00.5Z,r2,,refund,3000,t1\n" +
		"2019-07-01T10:00:00.5Z,r2,,refund,3000,t1\n" + // a duplicate
		"2019-07-01T10:00:00Z,p1,,payment,3000,t1\n"
	opt := yen()
	opt.Unowned = true
	log := mustLoad(t, write(t, file{"refunds.csv", text, event.Payments}), opt, block.Size)
	checkLaw(t, log)
	if got := accounts(t, log); got != "map[r1: r2:]" || len(log.Rejects) != 1 || log.Sources[0].Duplicates != 1 {
		t.Errorf("%s, %d rejected, %d duplicates", got, len(log.Rejects), log.Sources[0].Duplicates)
	}
}
