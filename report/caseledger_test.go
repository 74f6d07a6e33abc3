package report_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
)

// twoVictims returns a case of two victims, one with ids that hold the sign by
// which ids are joined, and of an account to which all came back.
func twoVictims() *forensics.Case {
	p := policy.Default()
	yen := money.MustCurrency("JPY")
	charge := func(account, txn string, at int64) forensics.Charge {
		return forensics.Charge{Account: account, Txn: txn, Time: at, Kind: event.TopUp, Amount: 1000, Currency: yen, Status: "approved", Tier: takeover.Confirmed, Source: "p", Line: 2}
	}
	line := func(id, account string, amount int64, txns ...string) forensics.Refund {
		return forensics.Refund{ID: id, Account: account, Txns: txns, Component: refund.InstrumentRefund, Channel: refund.Card, Gross: 1000, Returned: 1000 - amount,
			Amount: amount, Currency: yen, Tier: takeover.Confirmed, Status: refund.Open, Payer: "operator"}
	}
	victim := func(account string, loss int64) forensics.Victim {
		return forensics.Victim{Account: account, Tier: takeover.Confirmed, NetLoss: loss, Currency: yen, Charges: 1}
	}
	back := line("id4", "c", 0, "t4")
	back.Status = refund.Closed
	held := victim("b", 1000)
	held.Validation = ledger.Customer
	entered := func(account string) forensics.Takeover {
		return forensics.Takeover{Account: account, Tier: takeover.Confirmed, Lost: true}
	}
	return &forensics.Case{Policy: &p,
		Takeovers: []forensics.Takeover{entered("a\xff"), entered("b"), entered("c")},
		Charges:   []forensics.Charge{charge("a\xff", "t1;x", 30), charge("a\xff", "t2", 20), charge("b", "t3", 40), charge("c", "t4", 50)},
		Refunds:   []forensics.Refund{line("id1", "a\xff", 1000, "t1;x"), line("id2", "a\xff", 700, "t2", "t1;x", "r;1"), line("id3", "b", 1000, "t3"), back},
		Victims:   []forensics.Victim{victim("a\xff", 1700), held},
		Totals: []forensics.Total{{Currency: yen, Owed: 2700, NetLoss: 2700,
			ByChannel: []forensics.ChannelTotal{{Channel: refund.Card, Lines: 4, Amount: 2700}}}}}
}

// written writes a case and returns where.
func written(t *testing.T, c *forensics.Case, format string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	f, err := report.Open(dir, report.Options{Formats: []string{format}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	if _, err := f.Write(context.Background(), c, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReadCaseLedger(t *testing.T) {
	for _, format := range report.Formats {
		c, err := report.ReadCaseLedger(written(t, twoVictims(), format))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		account := "a\xff"
		if format == "parquet" {
			account = `a\xff` // which cannot hold the byte
		}
		type joined struct {
			ID   string
			Txns []string
			At   int64
		}
		var got []joined
		for _, l := range c.Lines {
			got = append(got, joined{l.ID, l.Txns, l.ChargedAt})
		}
		want := []joined{{"id1", []string{"t1;x"}, 30}, {"id2", []string{"t2", "t1;x", "r", "1"}, 20}, {"id3", []string{"t3"}, 40}, {"id4", []string{"t4"}, 50}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: lines differ:\n%s", format, d)
		}
		if c.Lines[0].Validation != ledger.NotValidated || c.Lines[2].Validation != ledger.Customer {
			t.Errorf("%s: validations %v, %v", format, c.Lines[0].Validation, c.Lines[2].Validation)
		}
		if !c.IsCharge(account, "t1;x") || c.IsCharge(account, "r;1") || c.IsCharge("b", "t2") {
			t.Errorf("%s: charges are mixed up", format)
		}
		if c.Forget(); c.IsCharge("b", "t3") {
			t.Errorf("%s: forgets nothing", format)
		}
	}
}

// A case of before the validation of victims has the same ledger.
func TestReadOlderCaseLedger(t *testing.T) {
	dir := written(t, twoVictims(), "csv")
	hashes := [2]string{}
	for i := range hashes {
		path := filepath.Join(dir, "victims.csv")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		hashes[i] = hex.EncodeToString(sum[:])
		if err := os.WriteFile(path, bytes.Replace(data, []byte("validation"), []byte("validatioN"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "manifest.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte(hashes[0]), []byte(hashes[1]), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := report.ReadCaseLedger(dir)
	if err != nil || len(c.Lines) != 4 || c.Lines[2].Validation != ledger.NotValidated {
		t.Errorf("%+v, %v", c, err)
	}
}

// A case whose tables do not meet proves nothing, even where every file is the
// one that its manifest names.
func TestReadCaseLedgerChecks(t *testing.T) {
	tests := []struct {
		name, want string
		damage     func(c *forensics.Case)
	}{
		{"a line is gone", "come to 700 JPY, its loss is 1,700 JPY", func(c *forensics.Case) { c.Refunds = c.Refunds[1:] }},
		{"all lines of a victim are gone", "has no lines", func(c *forensics.Case) { c.Refunds = slices.Delete(c.Refunds, 2, 3) }},
		{"a line is there twice", `two lines have the refund_id "i…"`, func(c *forensics.Case) { c.Refunds = append(c.Refunds, c.Refunds[2]) }},
		{"lines apart", "do not stand together", func(c *forensics.Case) {
			c.Refunds[0], c.Refunds[2] = c.Refunds[2], c.Refunds[0]
			c.Victims[0].NetLoss, c.Victims[1].NetLoss = 1000, 1000
			c.Refunds[1].Account, c.Refunds[1].Amount, c.Refunds[1].Returned = "a\xff", 1000, 0
			c.Refunds[2].Account = "b"
		}},
		{"a victim is there twice", "is there twice", func(c *forensics.Case) { c.Victims = append(c.Victims, c.Victims[1]) }},
		{"another loss", "its loss is 999 JPY", func(c *forensics.Case) { c.Victims[1].NetLoss = 999 }},
		{"an amount that is not gross less returned", "amount 1000 is not gross", func(c *forensics.Case) { c.Refunds[2].Gross++ }},
		{"an amount that wraps round", "is not gross", func(c *forensics.Case) {
			c.Refunds[2].Gross, c.Refunds[2].Returned, c.Refunds[2].Amount = -1<<63, 1, 1<<63-1
		}},
		{"what is owed", "of owed come to 2700 JPY, the summary says 2701", func(c *forensics.Case) { c.Totals[0].Owed++ }},
		{"what is held", "of held", func(c *forensics.Case) { c.Totals[0].Held++ }},
		{"a channel", "of channel card", func(c *forensics.Case) { c.Totals[0].ByChannel[0].Amount-- }},
		{"lines of a channel", "4 lines of channel", func(c *forensics.Case) { c.Totals[0].ByChannel[0].Lines-- }},
		{"a channel that is gone", "lines of 1 channels", func(c *forensics.Case) { c.Totals[0].ByChannel = nil }},
		{"a currency that is gone", "of which the summary says nothing", func(c *forensics.Case) { c.Totals = nil }},
		{"a status that is gone", "of owed", func(c *forensics.Case) { c.Refunds[2].Status = refund.Held }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := twoVictims()
			tt.damage(c)
			_, err := report.ReadCaseLedger(written(t, c, "csv"))
			var check *report.CheckError
			if !errors.As(err, &check) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReadBook(t *testing.T) {
	dir := written(t, twoVictims(), "csv")
	whole, err := report.ReadBook(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := report.ReadBook(filepath.Join(dir, "refunds.csv"))
	if err != nil || len(table.Lines) != 4 {
		t.Fatalf("%+v, %v", table, err)
	}
	if whole.Rows == "" || len(whole.Payments()) != 3 {
		t.Errorf("%d payments of three open lines", len(whole.Payments()))
	}
	packed, err := report.ReadBook(filepath.Join(written(t, twoVictims(), "parquet"), "refunds.parquet"))
	if err != nil || packed.Rows != table.Rows {
		t.Errorf("the same rows as Parquet are another book (%v)", err)
	}
	for _, other := range []string{filepath.Join(dir, "victims.csv"), filepath.Join(dir, "manifest.json"), t.TempDir()} {
		if b, err := report.ReadBook(other); b != nil || err != nil {
			t.Errorf("%s: %v, %v", other, b, err)
		}
	}
}
