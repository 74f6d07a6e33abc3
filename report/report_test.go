package report

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/report/table"
)

// TestSchemas tests that every table and column has a meaning, and that the
// promised columns come first.
func TestSchemas(t *testing.T) {
	promised := map[string]string{
		"victims":   "account_id, tier, score, vector, campaign_id, takeover_at, first_fraud_at, last_fraud_at, fraud_charges, topup_amount, spend_amount, net_loss, currency, reasons",
		"takeovers": "account_id, tier, score, vector, campaign_id, takeover_at, source_ip, device_id, lost, reasons",
		"charges":   "txn_id, account_id, event_time, kind, amount, currency, status, store_id, device_id, ip, tier, score, reasons, source, line",
		"refunds":   "refund_id, account_id, txn_id, component, channel, gross, returned, amount, currency, tier, status, reasons, payer, funding_ref",
		"sources":   "kind, value, role, accounts_tried, accounts_entered, attempts, failures, unknown_accounts, first_seen, last_seen, score",
		"campaigns": "campaign_id, vector, first_seen, last_seen, accounts_tried, accounts_entered, victims, net_loss",
		"stores":    "store_id, charges, victims, amount, first_seen, last_seen",
		"rejects":   "source, line, column, reason, raw",
	}
	for _, s := range Schemas() {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
		if s.Doc == "" {
			t.Errorf("%s has no meaning", s.Name)
		}
		var names []string
		for _, c := range s.Columns {
			names = append(names, c.Name)
			if c.Doc == "" {
				t.Errorf("%s.%s has no meaning", s.Name, c.Name)
			}
			if c.Name == "amount" && c.Kind != table.Amount {
				t.Errorf("%s.%s is %s", s.Name, c.Name, c.Kind)
			}
		}
		if !strings.HasPrefix(strings.Join(names, ", "), promised[s.Name]) {
			t.Errorf("%s has %v, promised are %s first", s.Name, names, promised[s.Name])
		}
		delete(promised, s.Name)
	}
	for name := range promised {
		t.Errorf("there is no table %s", name)
	}
}

// TestOpenRefusesInputs tests that a case is never written over what it is made
// from, by whatever way there.
func TestOpenRefusesInputs(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "logs", "victims.csv")
	if err := os.MkdirAll(filepath.Dir(input), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(input, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Dir(input), link); err != nil {
		t.Skip(err)
	}
	for _, out := range []string{filepath.Dir(input), link, dir, filepath.Join(dir, "logs", "..", "logs")} {
		_, err := Open(out, Options{Force: true, Inputs: []string{input}})
		var refused *OpenError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "holds the input") {
			t.Errorf("%s: %v", out, err)
		}
	}
	f, err := Open(filepath.Join(dir, "logs-2"), Options{Inputs: []string{input}})
	if err != nil {
		t.Fatal(err)
	}
	f.Discard()
}

// TestWriteIsCancelled tests that a run that is interrupted while it writes
// leaves nothing.
func TestWriteIsCancelled(t *testing.T) {
	dir := t.TempDir()
	tables := int64(len(Schemas()))
	for stop := range tables {
		f, err := Open(filepath.Join(dir, "case"), Options{Formats: Formats})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := int64(0)
		_, err = f.Write(ctx, crowded(), func(n int64) {
			if done += n; done > stop {
				cancel()
			}
		})
		cancel()
		f.Discard()
		left, _ := os.ReadDir(dir)
		if !errors.Is(err, context.Canceled) || len(left) > 0 {
			t.Errorf("stopped after table %d: %v, left %v", stop+1, err, left)
		}
	}
}

// TestSelect tests parts of a table.
func TestSelect(t *testing.T) {
	all, err := Tables(crowded())
	if err != nil {
		t.Fatal(err)
	}
	victims := all[0]
	part, err := Select(victims, []string{"net_loss", "account_id"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if part.Rows() != 3 || len(part.Schema().Columns) != 2 || part.Cells(0).Int(1) != 2000 || part.Cells(1).Text(2) != "山田3" {
		t.Errorf("%d rows, %v", part.Rows(), part.Schema())
	}
	if whole, err := Select(victims, nil, 0); err != nil || whole.CanonicalHash() != victims.CanonicalHash() {
		t.Errorf("a copy has other rows: %v", err)
	}
	if one, err := Select(all[2], []string{"store_id"}, 0); err != nil || one.Rows() != 1 || one.Cells(0).Null(0) {
		t.Errorf("a lone column of absent texts: %v", err)
	}
	if _, err := Select(victims, []string{"nothing"}, 0); !errors.Is(err, table.ErrMissing) {
		t.Errorf("a column that is not there: %v", err)
	}
	if loss := sorted(victims, "net_loss").Cells(11).Ints(); !slices.IsSortedFunc(loss, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("losses %v", loss)
	}
}
