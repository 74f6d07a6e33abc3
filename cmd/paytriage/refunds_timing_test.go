package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/policy"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
	"github.com/paytriage/paytriage/report"
)

var (
	manyVictims = flag.Int("victims", 10_000, "victims of the case that BenchmarkRefunds draws a ledger up of")
	keepCase    = flag.String("keep", "", "folder to keep that case in, for measuring the program itself")
)

// writeManyVictims writes a case of so many victims: each has topped up and
// paid, every second one for less than was topped up. It returns how many lines
// the case has.
func writeManyVictims(tb testing.TB, dir string, victims int) int {
	tb.Helper()
	p := policy.Default()
	yen := money.MustCurrency("JPY")
	c := &forensics.Case{Policy: &p}
	total := forensics.Total{Currency: yen}
	topUp := refund.Reasons(1 << refund.TopUpByAttacker)
	channels := map[refund.Channel]*forensics.ChannelTotal{}
	count := func(channel refund.Channel, minor int64) {
		if channels[channel] == nil {
			channels[channel] = &forensics.ChannelTotal{Channel: channel}
		}
		channels[channel].Lines++
		channels[channel].Amount += minor
	}
	for i := range victims {
		account, first, second := fmt.Sprintf("u%09d", i), fmt.Sprintf("7K%011d", 2*i), fmt.Sprintf("7K%011d", 2*i+1)
		at := int64(1562069000_000000) + int64(i)*137_000
		const gross, spared = 30_000, 1_200
		charge := forensics.Charge{Txn: first, Account: account, Time: at, Kind: event.TopUp, Amount: gross, Currency: yen, Status: "approved",
			Device: "d" + account, IP: "203.0.113.9", Tier: takeover.Confirmed, Score: 300, Reasons: []string{"new_device", "tested_address"}, Source: "payments.csv", Line: int64(2*i + 2)}
		c.Charges = append(c.Charges, charge)
		loss := int64(gross)
		line := forensics.Refund{ID: refund.ID("refund", account, "JPY", "instrument_refund", first), Account: account, Txns: []string{first},
			Component: refund.InstrumentRefund, Channel: refund.Card, Gross: gross, Amount: gross, Currency: yen, Tier: takeover.Confirmed,
			Status: refund.Open, Reasons: topUp, Payer: "operator", FundingRef: "tok_" + account}
		c.Refunds = append(c.Refunds, line)
		count(refund.Card, gross)
		charge.Txn, charge.Time, charge.Kind, charge.Store = second, at+60_000_000, event.Payment, "s17"
		charge.Line++
		c.Charges = append(c.Charges, charge)
		if i%2 == 1 {
			loss -= spared
			line.ID, line.Txns = refund.ID("refund", account, "JPY", "balance_clawback", ""), []string{first, second}
			line.Component, line.Channel, line.Gross, line.Amount, line.FundingRef = refund.BalanceClawback, refund.Balance, -spared, -spared, ""
			line.Reasons |= 1 << refund.SpentByAttacker
			c.Refunds = append(c.Refunds, line)
			count(refund.Balance, -spared)
		}
		total.NetLoss += loss
		c.Victims = append(c.Victims, forensics.Victim{Account: account, Tier: takeover.Confirmed, Score: 300, Campaign: "c1", TakeoverAt: at, FirstFraud: at,
			LastFraud: at, Charges: 2, TopUp: gross, Spend: loss, NetLoss: loss, Currency: yen, Reasons: []string{"new_device"}})
	}
	total.Owed, total.ByTier[takeover.Confirmed] = total.NetLoss, forensics.TierTotal{Victims: int64(victims), NetLoss: total.NetLoss}
	for _, channel := range refund.Channels() {
		if channels[channel] != nil {
			total.ByChannel = append(total.ByChannel, *channels[channel])
		}
	}
	c.Totals = []forensics.Total{total}
	f, err := report.Open(dir, report.Options{Formats: []string{"csv"}, Force: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Discard()
	if _, err := f.Write(context.Background(), c, nil); err != nil {
		tb.Fatal(err)
	}
	return len(c.Refunds)
}

// BenchmarkRefunds draws the ledger of many victims up in all formats. The
// control writes as many bytes.
//
// For the program itself, with its memory:
//
//	go test ./cmd/paytriage -run '^$' -bench Refunds/refunds -benchtime 1x -victims 1000000 -keep case
//	/usr/bin/time -v paytriage refunds case --out ledger --format csv,parquet,xlsx
func BenchmarkRefunds(b *testing.B) {
	dir := b.TempDir()
	folder := filepath.Join(dir, "case")
	if *keepCase != "" {
		folder = *keepCase
	}
	lines := writeManyVictims(b, folder, *manyVictims)
	out := filepath.Join(dir, "ledger")
	std := streams{in: bytes.NewReader(nil), out: io.Discard, err: io.Discard}
	var size int64
	b.Run("refunds", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if code := execute(context.Background(), std, []string{"refunds", folder, "--out", out, "--format", "csv,parquet,xlsx", "--force"}); code != 0 {
				b.Fatalf("exit code %d", code)
			}
		}
		d, got, err := report.ReadDraft(out)
		if err != nil || len(got) != lines || d.Lines != int64(lines) {
			b.Fatalf("%d lines of %d, %v", len(got), lines, err)
		}
		size = 0
		for _, f := range d.Files {
			size += f.Bytes
		}
		b.SetBytes(size)
		b.ReportMetric(float64(lines), "lines")
	})
	b.Run("control", func(b *testing.B) {
		b.SetBytes(size)
		chunk := make([]byte, 1<<20)
		for b.Loop() {
			f, err := os.Create(filepath.Join(dir, "control"))
			if err != nil {
				b.Fatal(err)
			}
			for n := size; n > 0; n -= int64(len(chunk)) {
				if _, err := f.Write(chunk[:min(n, int64(len(chunk)))]); err != nil {
					b.Fatal(err)
				}
			}
			if info, err := f.Stat(); err != nil || info.Size() != size {
				b.Fatalf("%v, %v", info, err)
			}
			f.Close()
		}
	})
}
