package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/paytriage/paytriage/report/html"
	"github.com/paytriage/paytriage/report/table"
)

// manyVictims makes the tables of a case with so many victims, ten charges each.
// It is no case that analyze could write: it is for measuring.
func manyVictims(victims int) ([]*table.Table, *Summary) {
	const start, minute = int64(1562000000_000000), int64(60_000000)
	tables := map[string]*table.Table{}
	var all []*table.Table
	for _, s := range Schemas() {
		tables[s.Name] = table.New(s, 0)
		all = append(all, tables[s.Name])
	}
	takeovers, robbed, charges := tables["takeovers"], tables["victims"], tables["charges"]
	const reasons = "attack_source;failed_tries;fast_cash_out;drained;meeting_place"
	loss, r := int64(0), rand.New(rand.NewPCG(7, 2019))
	for i := range victims {
		id, device := fmt.Sprintf("user%07d@example.jp", i*7919%10_000_000), fmt.Sprintf("%016x-%016x", r.Uint64(), r.Uint64())
		at := start + r.Int64N(40_000*minute-20*minute)
		fill(takeovers, id, "confirmed", 500+i%400, "list_type", "id0", at, fmt.Sprintf("240.%d.%d.7", i%200, i%31), device, "yes", reasons, -37, 100, 200, 150, 87+i%400, 0, "auth.csv", i+2)
		net := int64(0)
		for j := range int64(10) {
			kind, amount, shop := "topup", 1000*(1+r.Int64N(30)), any(nil)
			if j%2 == 1 {
				kind, amount, shop = "payment", amount-r.Int64N(1000), fmt.Sprintf("S%05d", r.Int64N(20_000))
				net += amount
			}
			fill(charges, fmt.Sprintf("T%09d", int64(i)*10+j), id, at+(j+1)*minute+r.Int64N(minute), kind, amount, "JPY", "approved", shop, device, "240.0.0.7", "confirmed", 500, reasons,
				"payments.csv", i*10+1, at+(j+1)*minute, nil, nil, nil)
		}
		fill(robbed, id, "confirmed", 500, "list_type", "id0", at, at+minute, at+10*minute, 10, net, net, net, "JPY", reasons, "none", "own_detection")
		loss += net
	}
	s := &Summary{SchemaVersion: SummaryVersion, Range: Span{stamp(start), stamp(start + 40_000*minute)}, Victims: TierCounts{Confirmed: int64(victims)},
		Takeovers: TierCounts{Confirmed: int64(victims)}, Charges: TierCounts{Confirmed: int64(victims) * 10}, Tables: map[string]int{"victims": victims, "takeovers": victims},
		Money: []MoneySummary{{Currency: "JPY", NetLoss: loss, NetLossConfirmed: loss, TopUp: loss, Spend: loss}}}
	return all, s
}

// fill adds a row.
func fill(t *table.Table, cells ...any) {
	for i, cell := range cells {
		switch v := cell.(type) {
		case nil:
			t.Cells(i).AppendNull()
		case string:
			t.Cells(i).AppendText(v)
		case int:
			t.Cells(i).AppendInt(int64(v))
		case int64:
			t.Cells(i).AppendInt(v)
		}
	}
}

// BenchmarkPage writes the page of 100,000 victims with a million charges. With
// PAYTRIAGE_PAGE it keeps the page in that file, to be opened.
func BenchmarkPage(b *testing.B) {
	const victims, most = 100_000, 30_000_000
	tables, s := manyVictims(victims)
	m := &Manifest{Version: "devel"}
	var page bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		page.Reset()
		if err := writePage(&page, s, tables, m, html.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(page.Len()))
	b.ReportMetric(float64(page.Len()), "bytes")
	if page.Len() > most || !bytes.Contains(page.Bytes(), []byte(`data-figure="victims.confirmed">100,000</data>`)) {
		b.Fatalf("%d bytes", page.Len())
	}
	if path := os.Getenv("PAYTRIAGE_PAGE"); path != "" {
		if err := os.WriteFile(path, page.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPageOfSeveralPieces: charges stand in as many pieces as there are accounts
// for, and the whole page is the same every time.
func TestPageOfSeveralPieces(t *testing.T) {
	tables, s := manyVictims(2001)
	for _, table := range tables {
		if err := table.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	var pages [2]bytes.Buffer
	for i := range pages {
		if err := writePage(&pages[i], s, tables, &Manifest{}, html.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(pages[0].Bytes(), pages[1].Bytes()) {
		t.Error("two pages of one case differ")
	}
	for id, want := range map[string]bool{"data": true, "charges-0": true, "charges-2": true, "charges-3": false} {
		if got := bytes.Contains(pages[0].Bytes(), []byte(`id="`+id+`"`)); got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
	// A small page has no row for each account: lists are made by the script.
	if n := bytes.Count(pages[0].Bytes(), []byte("<tr")); n > 500 {
		t.Errorf("%d rows stand in the page", n)
	}
}
