package parsers

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
)

// TestSplitSeesTheRecordsOfLoad holds the count against Load's account of rows.
func TestSplitSeesTheRecordsOfLoad(t *testing.T) {
	const header = "event_time,account_id,event,outcome,ip,device_id,user_agent\n"
	const row = "2019-07-01T00:00:00Z,a,login,success,192.0.2.1,d,\"x, y\"\n"
	for name, text := range map[string]string{
		"plain":            header + row + row,
		"blank lines":      "\n\n" + header + "\n" + row + "\r\n" + row,
		"byte order mark":  "\xef\xbb\xbf" + header + row,
		"no last line end": header + row + strings.TrimSuffix(row, "\n"),
		"line end inside":  header + row + "2019-07-01T00:00:00Z,a,login,success,,,\"x\ny\"\n",
		"text after quote": header + row + "2019-07-01T00:00:00Z,a,login,success,,,\"x\"y\n",
		"open quote":       header + row + "2019-07-01T00:00:00Z,a,login,success,,,\"x\n" + row,
		"too few fields":   header + "2019-07-01T00:00:00Z,a\n" + row,
		"several blocks":   header + strings.Repeat(row, 60_000),
		"JSON Lines":       `{"event_time":"2019-07-01T00:00:00Z","account_id":"a","event":"login","outcome":"success"}` + "\n" + `{"event_time":` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			inputs := write(t, file{"x", text, event.Auth})
			opt := yen()
			log, err := Load(context.Background(), inputs, opt)
			if err != nil {
				t.Fatal(err)
			}
			opt.Workers = 3
			if n, err := Split(context.Background(), inputs, opt); err != nil || n != log.Sources[0].Read || n == 0 {
				t.Errorf("%d records, %v; Load read %d", n, err, log.Sources[0].Read)
			}
		})
	}
}

func TestSplitFailsAsLoadDoes(t *testing.T) {
	var header *HeaderError
	_, err := Split(context.Background(), write(t, file{"x.csv", "", event.Auth}), yen())
	if !errors.As(err, &header) {
		t.Errorf("an empty file: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Split(ctx, write(t, file{"x.csv", authLines(1000), event.Auth}), yen()); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
}

func benchmarkSplit(b *testing.B, role event.Role, text string) {
	inputs := write(b, file{"x.csv", text, role})
	opt := yen()
	opt.Workers = runtime.GOMAXPROCS(0)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := Split(context.Background(), inputs, opt); err != nil || n != benchRows {
			b.Fatalf("%d records, %v", n, err)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

// The floor under BenchmarkLoadAuth and BenchmarkLoadPayments.
func BenchmarkSplitAuth(b *testing.B)     { benchmarkSplit(b, event.Auth, authLines(benchRows)) }
func BenchmarkSplitPayments(b *testing.B) { benchmarkSplit(b, event.Payments, paymentLines(benchRows)) }
