package report

import (
	"bytes"
	"testing"

	"github.com/paytriage/paytriage/forensics/bridge"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report/csvfile"
)

// TestBridgeTableAddsUp: whoever adds up the file in a spreadsheet, by currency
// and tier, comes from the old totals to the new ones.
func TestBridgeTableAddsUp(t *testing.T) {
	jpy, usd := money.MustCurrency("JPY"), money.MustCurrency("USD")
	victim := func(account string, c money.Currency, tier takeover.Tier, amount int64) bridge.Victim {
		return bridge.Victim{Account: account, Currency: c, Tier: tier, Amount: amount}
	}
	old := &bridge.Estimate{Name: "old", Victims: []bridge.Victim{victim("a", jpy, takeover.Probable, 10), victim("b", jpy, takeover.Possible, 20), victim("=c", usd, takeover.Confirmed, 5)}}
	now := &bridge.Estimate{Name: "new", Victims: []bridge.Victim{victim("a", jpy, takeover.Confirmed, 12), victim("d;d", usd, takeover.Confirmed, -7), victim("e\x1b", jpy, takeover.Possible, 1)}}
	b, err := bridge.Between(old, now)
	if err != nil {
		t.Fatal(err)
	}
	made, err := BridgeTable([]*bridge.Bridge{b, b})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := csvfile.Write(&file, made); err != nil {
		t.Fatal(err)
	}
	read, err := csvfile.Read(&file, BridgeSchema)
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		n              int64
		currency, tier string
	}
	accounts, amounts := map[place]int64{}, map[place]int64{}
	x := newNamedCells(read)
	for row := range read.Rows() {
		k := place{x.int("bridge", row), x.text("currency", row), x.text("tier", row)}
		sign := int64(1)
		if x.text("change", row) == "new" {
			sign = -1
		}
		accounts[k] += sign * x.int("accounts", row)
		amounts[k] += sign * x.int("amount", row)
	}
	if len(amounts) != 8 {
		t.Errorf("%d currencies and tiers, want 4 in each of 2 bridges", len(amounts))
	}
	for k := range amounts {
		if accounts[k] != 0 || amounts[k] != 0 {
			t.Errorf("%v: %d accounts and %d too much", k, accounts[k], amounts[k])
		}
	}
}
