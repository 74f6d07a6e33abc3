package parquet

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	pq "github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

const timedRows = 200_000

// A logRow is a row of the log that is timed.
type logRow struct {
	at                                   time.Time
	txn, account, device, ip, shop, kind string
	agent                                string
	amount                               int64
	fee                                  float64
}

// logRows makes a payment log: ids and addresses that hardly repeat, words that
// do, rising times.
func logRows(n int) []logRow {
	rnd := rand.New(rand.NewPCG(1, 2))
	rows := make([]logRow, n)
	at := time.Date(2019, 7, 2, 8, 0, 0, 0, time.UTC)
	for i := range rows {
		at = at.Add(time.Duration(rnd.IntN(1_000_000)) * time.Microsecond)
		rows[i] = logRow{
			at: at, txn: fmt.Sprintf("txn_%016x", rnd.Uint64()), account: fmt.Sprintf("acct_%08d", rnd.IntN(1_500_000)),
			device: fmt.Sprintf("%016x", rnd.Uint64N(1<<40)), ip: fmt.Sprintf("203.0.%d.%d", rnd.IntN(256), rnd.IntN(256)),
			shop: fmt.Sprintf("shop_%04d", rnd.IntN(5000)), kind: []string{"topup", "payment", "refund"}[rnd.IntN(3)],
			agent:  fmt.Sprintf("Mozilla/5.0 (iPhone; CPU iPhone OS 12_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)", rnd.IntN(40)),
			amount: rnd.Int64N(30_000), fee: float64(rnd.IntN(1000)) / 100,
		}
	}
	return rows
}

func logColumns(rows []logRow) []testColumn {
	micros := schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)
	names := []string{"txn_id", "account_id", "device_id", "ip", "store_id", "kind", "user_agent"}
	texts := make([][]pq.ByteArray, len(names))
	var at, amounts []int64
	var fees []float64
	for _, r := range rows {
		at, amounts, fees = append(at, r.at.UnixMicro()), append(amounts, r.amount), append(fees, r.fee)
		for i, s := range []string{r.txn, r.account, r.device, r.ip, r.shop, r.kind, r.agent} {
			texts[i] = append(texts[i], pq.ByteArray(s))
		}
	}
	defs := bytes.Repeat([]byte{1}, len(rows))
	ones := make([]int16, len(rows))
	for i, d := range defs {
		ones[i] = int16(d)
	}
	columns := []testColumn{{leafNode("event_time", micros, pq.Types.Int64, -1, true), at, ones}}
	for i, name := range names {
		columns = append(columns, testColumn{leafNode(name, schema.StringLogicalType{}, pq.Types.ByteArray, -1, true), texts[i], ones})
	}
	return append(columns, testColumn{leafNode("amount", nil, pq.Types.Int64, -1, true), amounts, ones},
		testColumn{leafNode("fee", nil, pq.Types.Double, -1, true), fees, ones})
}

// logText is what the rows are as CSV, by the standard library.
func logText(w io.Writer, rows []logRow) error {
	c := csv.NewWriter(w)
	c.Write([]string{"event_time", "txn_id", "account_id", "device_id", "ip", "store_id", "kind", "user_agent", "amount", "fee"})
	record := make([]string, 10)
	for _, r := range rows {
		record[0] = r.at.Format("2006-01-02T15:04:05.000000Z")
		copy(record[1:], []string{r.txn, r.account, r.device, r.ip, r.shop, r.kind, r.agent})
		record[8], record[9] = strconv.FormatInt(r.amount, 10), strconv.FormatFloat(r.fee, 'f', -1, 64)
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// BenchmarkRead reads a payment log of 200,000 rows and ten columns; the bytes
// are those of the CSV. The control writes the same CSV from rows in memory,
// with encoding/csv.
func BenchmarkRead(b *testing.B) {
	rows := logRows(timedRows)
	var want bytes.Buffer
	if err := logText(&want, rows); err != nil {
		b.Fatal(err)
	}
	columns := logColumns(rows)
	read := func(b *testing.B, names []string, size int, props ...pq.WriterProperty) {
		props = append(props, pq.WithDictionaryDefault(false), pq.WithDictionaryFor("kind", true),
			pq.WithDictionaryFor("user_agent", true), pq.WithDictionaryFor("store_id", true))
		data := writeFile(b, len(rows), len(rows), columns, props...)
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			r, err := Open(context.Background(), bytes.NewReader(data), int64(len(data)), names, Options{})
			if err != nil {
				b.Fatal(err)
			}
			var sum checker
			if names == nil {
				sum.want = want.Bytes()
			}
			n, err := io.Copy(&sum, r)
			r.Close()
			if err != nil || sum.bad || names == nil && n != int64(size) {
				b.Fatal(n, err, sum.bad)
			}
			if names != nil {
				b.SetBytes(n)
			}
		}
		perRow(b)
	}
	for _, name := range []string{"none", "snappy", "zstd"} {
		b.Run(name, func(b *testing.B) { read(b, nil, want.Len(), pq.WithCompression(codecs[name])) })
	}
	b.Run("v2", func(b *testing.B) {
		read(b, nil, want.Len(), pq.WithCompression(compress.Codecs.Snappy), pq.WithDataPageVersion(pq.DataPageV2))
	})
	b.Run("three columns", func(b *testing.B) {
		read(b, []string{"event_time", "account_id", "amount"}, 1, pq.WithCompression(compress.Codecs.Snappy))
	})
	b.Run("control", func(b *testing.B) {
		b.SetBytes(int64(want.Len()))
		b.ReportAllocs()
		for b.Loop() {
			sum := checker{want: want.Bytes()}
			if err := logText(&sum, rows); err != nil || sum.bad {
				b.Fatal(err, sum.bad)
			}
		}
		perRow(b)
	})
}

// A checker compares what is written to it.
type checker struct {
	want []byte // nil for anything
	bad  bool
}

func (c *checker) Write(p []byte) (int, error) {
	if c.want != nil {
		if !bytes.HasPrefix(c.want, p) {
			c.bad = true
			return len(p), nil
		}
		c.want = c.want[len(p):]
	}
	return len(p), nil
}

func perRow(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/timedRows, "ns/row")
}
