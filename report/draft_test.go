package report_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/csvfile"
	"github.com/paytriage/paytriage/report/table"
)

// someLines returns lines as a case has them, some of hostile texts.
func someLines() []ledger.Line {
	yen := money.MustCurrency("JPY")
	return []ledger.Line{
		{ID: "id1", Account: "0012", Txns: []string{"t1"}, Component: refund.InstrumentRefund, Channel: refund.Card, Gross: 30000, Returned: 10000, Amount: 20000,
			Earlier: 5000, Payable: 15000, Currency: yen, Tier: takeover.Confirmed, Validation: ledger.Customer, Status: refund.Open,
			Reasons: []string{"topup_by_attacker", "partly_returned"}, Payer: "operator", FundingRef: "card-1", ChargedAt: 1562069000_000001},
		{ID: "id2", Account: "=cmd|'x'", Txns: []string{"a,b", "c"}, Component: refund.BalanceClawback, Channel: refund.Balance, Gross: -4000, Amount: -4000,
			Payable: -4000, Currency: yen, Tier: takeover.Possible, Status: refund.NeedsDecision, Reasons: []string{"possible_account"}, Payer: "operator"},
		{ID: "id3", Account: "山", Component: refund.UnmatchedReturn, Channel: refund.NoChannel, Gross: 1 << 60, Returned: 1 << 60,
			Currency: money.MustCurrency("KWD"), Tier: takeover.Probable, Status: refund.Exception, Reasons: []string{"orphan_reversal"}, Payer: "bank"},
	}
}

// draftTablesOf returns the tables of a ledger of lines, none left out.
func draftTablesOf(t *testing.T, lines []ledger.Line) []*table.Table {
	t.Helper()
	totals, err := ledger.AddUp(lines)
	if err != nil {
		t.Fatal(err)
	}
	var tables []*table.Table
	for _, make := range []func() (*table.Table, error){
		func() (*table.Table, error) { return report.LedgerTable(lines) },
		func() (*table.Table, error) { return report.TotalsTable([]report.Part{{Name: "ledger", Totals: totals}}) },
		func() (*table.Table, error) {
			return report.UnmatchedTable([]ledger.Unmatched{{Side: ledger.LedgerSide, ID: "id1", Why: "nothing"}})
		},
		func() (*table.Table, error) { return report.LeftOutTable(nil, nil) },
	} {
		made, err := make()
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, made)
	}
	return tables
}

func TestDraft(t *testing.T) {
	hashes := map[string]bool{}
	for _, tt := range []struct {
		formats []string
		form    csvfile.Form
	}{{[]string{"csv"}, csvfile.Form{}}, {[]string{"csv"}, csvfile.Form{Mark: true}}, {[]string{"csv"}, csvfile.Form{Encoding: csvfile.CP932}},
		{[]string{"parquet"}, csvfile.Form{}}, {[]string{"csv", "parquet", "xlsx"}, csvfile.Form{}}} {
		t.Run(fmt.Sprint(tt.formats, tt.form), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			f, err := report.OpenDraft(dir, report.DraftOptions{Formats: tt.formats, Form: tt.form})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Discard()
			if err := f.Write(&report.Draft{Maker: "tanaka", CaseManifest: "abc"}, draftTablesOf(t, someLines())); err != nil {
				t.Fatal(err)
			}
			d, lines, err := report.ReadDraft(dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(someLines(), lines); diff != "" {
				t.Errorf("lines differ:\n%s", diff)
			}
			if d.Kind != "refunds" || d.Maker != "tanaka" || d.CaseManifest != "abc" || d.Lines != 3 {
				t.Errorf("manifest: %+v", d)
			}
			hashes[d.LedgerRows] = true
		})
	}
	if len(hashes) != 1 {
		t.Errorf("the hash of the rows depends on the format: %v", hashes)
	}
}

func TestReadDraftSeesChanges(t *testing.T) {
	write := func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "out")
		f, err := report.OpenDraft(dir, report.DraftOptions{Formats: []string{"csv", "xlsx"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(&report.Draft{Maker: "tanaka"}, draftTablesOf(t, someLines())); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	edit := func(t *testing.T, path, from, to string) {
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(data), from) {
			t.Fatalf("%s has no %q (%v)", path, from, err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), from, to)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
	}{
		{"an amount", func(t *testing.T, dir string) { edit(t, filepath.Join(dir, "ledger.csv"), "30000", "30001") }},
		{"another table", func(t *testing.T, dir string) { edit(t, filepath.Join(dir, "totals.csv"), "30000", "30001") }},
		{"a file is gone", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "refunds.xlsx")) }},
		{"the hash of the rows", func(t *testing.T, dir string) {
			d, _, err := report.ReadDraft(dir)
			if err != nil {
				t.Fatal(err)
			}
			edit(t, filepath.Join(dir, "manifest.json"), d.LedgerRows, strings.Repeat("0", 64))
		}},
		{"a file elsewhere", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "manifest.json"), `"ledger.csv"`, `"../ledger.csv"`)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t)
			tt.damage(t, dir)
			_, _, err := report.ReadDraft(dir)
			var check *report.CheckError
			if !errors.As(err, &check) {
				t.Errorf("error %v, want a check that does not hold", err)
			}
		})
	}
	_, _, err := report.ReadDraft(t.TempDir())
	var open *report.OpenError
	if !errors.As(err, &open) {
		t.Errorf("an empty folder: %v", err)
	}
}
