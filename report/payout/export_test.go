package payout_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/report/atomicfile"
	"github.com/paytriage/paytriage/report/payout"
)

// TestExport is the intended use from end to end: lines of a ledger, the
// restricted files of who receives and who pays, the files of a format, and
// each of them read back from the disk before it counts.
func TestExport(t *testing.T) {
	yen := money.MustCurrency("JPY")
	lines := []ledger.Line{
		{ID: refund.ID("refund", "u-1"), Account: "u-1", Txns: []string{"t-1"}, Payable: 46_000, Currency: yen},
		{ID: refund.ID("refund", "u-2"), Account: "u-2", Txns: []string{"t-2"}, Payable: 1_200, Currency: yen},
		{ID: refund.ID("refund", "u-3"), Account: "u-3", Txns: []string{"t-3"}, Payable: 500, Currency: yen},
		{ID: refund.ID("refund", "u-4"), Account: "u-4", Txns: []string{"t-4"}, Payable: -500, Currency: yen},
	}
	const payeesFile = `account_id,name,kana,bank_code,branch_code,account_type,account_number
u-1,山田 太郎,やまだ たろう,0001,001,普通,1234567
u-2,東 一郎,東 一郎,0001,002,普通,42
u-4,佐藤 花,サトウ ハナ,0001,003,当座,7
`
	const debtorFile = "code,kana,bank_code,branch_code,account_type,account_number\n1234567890,ｾﾌﾞﾝ ﾍﾟｲ,0034,101,普通,7654321\n"

	payees, wrong, err := payout.ReadPayees(strings.NewReader(payeesFile), "")
	if err != nil || len(wrong) > 0 {
		t.Fatal(err, wrong)
	}
	debtor, err := payout.ReadDebtor(strings.NewReader(debtorFile), "")
	if err != nil {
		t.Fatal(err)
	}
	batch := payout.Batch{ID: "payout-1", CreatedAt: time.Date(2019, 7, 8, 0, 0, 0, 0, time.UTC), PayOn: time.Date(2019, 7, 9, 0, 0, 0, 0, time.UTC), Debtor: debtor}
	for _, l := range lines {
		payee, _ := payees.Of(l.Account, l.Txns[0]) // who is not there lacks every field, and stays open
		batch.Payments = append(batch.Payments, payout.Payment{
			Name: ledger.Name(l.ID, 1), Account: l.Account, Amount: l.Payable, Currency: l.Currency, Txn: l.Txns[0], Payee: payee})
	}

	files, open := payout.Split("zengin", &batch)
	var reasons []string
	for _, p := range open {
		reasons = append(reasons, fmt.Sprintf("%s %s %s", p.Account, p.Field, p.Code))
	}
	want := []string{
		"u-2 kana unspellable",
		"u-3 kana missing_field", "u-3 bank_code missing_field", "u-3 branch_code missing_field", "u-3 account_type missing_field", "u-3 account_number missing_field",
		"u-4 amount bad_amount",
	}
	if d := cmp.Diff(want, reasons); d != "" {
		t.Errorf("open (-want +got):\n%s", d)
	}
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}

	path := filepath.Join(t.TempDir(), "payout-1.txt")
	err = atomicfile.Write(path, 0o600, func(w io.Writer) error {
		_, err := payout.Write(w, "zengin", &files[0])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	verify := func() (payout.Totals, error) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return payout.Verify(f, "zengin", &files[0])
	}
	if totals, err := verify(); err != nil || totals.String() != "1 payment, 46,000 JPY" {
		t.Errorf("%v, %v", totals, err)
	}

	// What the bank answers names the line again.
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	answer, err := payout.Read(f, "zengin")
	if err != nil || answer.Payments[0].Name != lines[0].ID {
		t.Errorf("%+v, %v", answer, err)
	}

	// A file that was touched is none.
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), "1234567", "1234568", 2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(); !errors.Is(err, payout.ErrDiffers) {
		t.Errorf("%v, want %v", err, payout.ErrDiffers)
	}
}
