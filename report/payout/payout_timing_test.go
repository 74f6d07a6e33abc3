package payout

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"
)

// manyPayments is a batch of n payments that a format can write.
func manyPayments(format string, n int) *Batch {
	b := batchFor(format)
	pair := b.Payments
	b.Payments = make([]Payment, n)
	for i := range b.Payments {
		p := pair[i%2]
		p.Name, p.Account, p.Txn = fmt.Sprintf("id%020x", i), fmt.Sprintf("u-%d", i), fmt.Sprintf("t-%d", i)
		p.Payee.PSPReference = fmt.Sprintf("%016d", i)
		if format == "stripe" {
			p.Payee.PSPReference = "ch_" + p.Payee.PSPReference
		}
		b.Payments[i] = p
	}
	return b
}

const benchPayments = 5000 // fits a file of every format

func benchTotal(n int64) int64 { return n / 2 * 46001 }

func BenchmarkWrite(b *testing.B) {
	for _, f := range Formats() {
		batch := manyPayments(f.Name, benchPayments)
		b.Run(f.Name, func(b *testing.B) {
			b.SetBytes(int64(len(mustWrite(b, f.Name, batch))))
			b.ReportAllocs()
			for b.Loop() {
				totals, err := Write(io.Discard, f.Name, batch)
				if err != nil || totals.Of(jpy) != benchTotal(benchPayments) {
					b.Fatal(totals, err)
				}
			}
		})
	}
}

// BenchmarkVerify stands beside hashing the same bytes, the least that any look
// at a whole file costs.
func BenchmarkVerify(b *testing.B) {
	for _, f := range Formats() {
		batch := manyPayments(f.Name, benchPayments)
		file := mustWrite(b, f.Name, batch)
		b.Run(f.Name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				totals, err := Verify(bytes.NewReader(file), f.Name, batch)
				if err != nil || totals.Of(jpy) != benchTotal(benchPayments) {
					b.Fatal(totals, err)
				}
			}
		})
		b.Run(f.Name+"/control", func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			want := sha256.Sum256(file)
			for b.Loop() {
				if sha256.Sum256(file) != want {
					b.Fatal("another hash")
				}
			}
		})
	}
}
