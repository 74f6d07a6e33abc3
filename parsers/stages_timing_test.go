package parsers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/delim"
	"github.com/paytriage/paytriage/parsers/internal/block"
	"github.com/paytriage/paytriage/parsers/internal/unpack"
)

// A timedLog is an auth log with what reading it must find.
type timedLog struct {
	text   []byte
	rows   int
	fields int
	times  int64 // the sum of all, in microseconds
}

// newTimedLog makes a log as a service writes it: ids, addresses and agents of
// different lengths, every other agent in quotes, since it holds a comma. Rows
// that are all alike would flatter the splitter: it would learn them by heart.
func newTimedLog(rows int) timedLog {
	rng := rand.New(rand.NewPCG(1, 2))
	l := timedLog{rows: rows}
	var b bytes.Buffer
	b.WriteString("event_time,account_id,event,outcome,reason,ip,device_id,user_agent,session_id,country,asn\n")
	at := time.Date(2019, 6, 30, 15, 0, 0, 0, time.UTC)
	agents := []string{
		"WalletApp/2.13.2 (Android 9; SHV43)", "WalletApp/2.13.1 (iPhone; iOS 12.3.1)", "okhttp/3.12",
		`"Mozilla/5.0 (iPhone; CPU iPhone OS 12_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"`,
		`"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0.3770.100 Safari/537.36"`,
		`"Mozilla/5.0 (Linux; Android 9; SO-01K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0.3770.101 Mobile"`,
	}
	outcomes := []string{"success,", "success,", "failure,bad_password", "failure,unknown_account"}
	for range rows {
		at = at.Add(time.Duration(rng.IntN(200_000)) * time.Microsecond)
		session := ""
		if rng.IntN(4) > 0 {
			session = fmt.Sprintf("%016x", rng.Uint64())
		}
		fmt.Fprintf(&b, "%s,%x,login,%s,%d.%d.%d.%d,%08x-%04x-4659-9057-%012x,%s,%s,JP,%d\n",
			at.Format("2006-01-02T15:04:05.000000Z"), rng.Uint64N(1_000_000_000), outcomes[rng.IntN(len(outcomes))],
			1+rng.IntN(255), rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.Uint32(), rng.IntN(65536), rng.Uint64N(1<<48),
			agents[rng.IntN(len(agents))], session, rng.IntN(70_000))
		l.times += at.UnixMicro()
	}
	l.text, l.fields = b.Bytes(), 11*(rows+1)
	return l
}

// BenchmarkStage times the reading of a log stage by stage, each on one
// processor with all that stands before it: what a stage adds is the difference.
// The controls are what no reader could do without: to count lines, to hash, and
// to split and hash and do nothing else.
func BenchmarkStage(b *testing.B) {
	log := newTimedLog(200_000)
	inputs := write(b, file{"x.csv", string(log.text), event.Auth})
	stage := func(name string, want int64, run func() int64) {
		b.Run("stage="+name, func(b *testing.B) {
			b.SetBytes(int64(len(log.text)))
			b.ReportAllocs()
			for b.Loop() {
				if got := run(); got != want {
					b.Fatalf("%d, want %d", got, want)
				}
			}
			b.ReportMetric(float64(b.N)*float64(log.rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	sum := sha256.Sum256(log.text)
	hashed := func(b [sha256.Size]byte) int64 {
		if b != sum {
			return 0
		}
		return int64(log.fields)
	}
	stage("lines/control", int64(log.rows+1), func() int64 { return int64(bytes.Count(log.text, newline)) })
	stage("hash/control", int64(log.fields), func() int64 { return hashed(sha256.Sum256(log.text)) })
	stage("cut", int64(len(log.text)), func() int64 {
		var n int64
		cutAll(b, bytes.NewReader(log.text), func(data []byte) { n += int64(len(data)) })
		return n
	})
	stage("cut+split", int64(log.fields), func() int64 { return splitAll(b, bytes.NewReader(log.text)) })
	stage("cut+split+hash/control", int64(log.fields), func() int64 {
		h := sha256.New()
		n := splitAll(b, io.TeeReader(bytes.NewReader(log.text), h))
		return n + hashed([sha256.Size]byte(h.Sum(nil))) - int64(log.fields)
	})
	stage("rows", log.times, func() int64 { return timesOf(b, inputs) })
	stage("load", log.times, func() int64 {
		l, err := Load(context.Background(), inputs, yen())
		if err != nil {
			b.Fatal(err)
		}
		return timesIn(l)
	})
}

func cutAll(b *testing.B, r io.Reader, see func(data []byte)) {
	c := block.NewCutter(r, true, ',')
	for {
		bl, err := c.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
		see(bl.Data)
		bl.Free()
	}
}

func splitAll(b *testing.B, r io.Reader) (fields int64) {
	s := delim.Splitter{Delimiter: ','}
	cutAll(b, r, func(data []byte) {
		for s.Reset(data); s.Next(); {
			fields += int64(s.Len())
		}
	})
	return fields
}

// timesOf makes rows of inputs, keeps none, and adds up their times.
func timesOf(b *testing.B, inputs []Input) (sum int64) {
	l := &loader{opt: yen(), blockSize: block.Size, parts: 1}
	if err := l.survey(context.Background(), inputs); err != nil {
		b.Fatal(err)
	}
	w := newWorker(l)
	w.emit = func(r *rowReader, _ *job, _ event.Pos) fault {
		var row event.Login
		f := r.login(&r.row, &row)
		sum += row.Time
		return f
	}
	err := l.readSource(context.Background(), 0, func(j job) error {
		defer j.block.free()
		return w.parse(&j)
	})
	if err != nil || len(w.rejects) > 0 {
		b.Fatal(err, len(w.rejects))
	}
	return sum
}

func timesIn(l *event.Log) (sum int64) {
	for _, part := range partsOf(l) {
		for k := range part.Logins {
			sum += part.Logins[k].Time
		}
	}
	return sum
}

// BenchmarkParts loads one log as it comes: plain, packed, and in a thousand
// packed parts. The control unpacks and does nothing else; what loading a packed
// file takes beyond it, on two processors, is what the two do not overlap.
func BenchmarkParts(b *testing.B) {
	log := newTimedLog(200_000)
	header := log.text[:bytes.IndexByte(log.text, '\n')+1]
	packed := gzipOf(string(log.text))
	var parts []file
	lines := bytes.SplitAfter(log.text[len(header):], newline)
	for at := range slices.Chunk(lines, log.rows/1000) {
		text := slices.Concat(header, bytes.Join(at, nil))
		parts = append(parts, file{fmt.Sprintf("%04d.csv.gz", len(parts)), string(gzipOf(string(text))), event.Auth})
	}
	for _, c := range []struct {
		name  string
		files []file
	}{
		{"plain", []file{{"x.csv", string(log.text), event.Auth}}},
		{"gzip", []file{{"x.csv.gz", string(packed), event.Auth}}},
		{"gzip-parts", parts[:1000]},
	} {
		inputs := write(b, c.files...)
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("log=%s/workers=%d", c.name, workers), func(b *testing.B) {
				opt := yen()
				opt.Workers = workers
				b.SetBytes(int64(len(log.text)))
				b.ReportAllocs()
				for b.Loop() {
					l, err := Load(context.Background(), inputs, opt)
					if err != nil {
						b.Fatal(err)
					}
					if got := timesIn(l); got != log.times {
						b.Fatalf("sum of times %d, want %d", got, log.times)
					}
				}
				b.ReportMetric(float64(b.N)*float64(log.rows)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
	b.Run("log=gzip/control", func(b *testing.B) {
		b.SetBytes(int64(len(log.text)))
		b.ReportAllocs()
		for b.Loop() {
			r, err := unpack.Open(context.Background(), bytes.NewReader(packed), unpack.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			n, err := io.Copy(io.Discard, r)
			if r.Close(); err != nil || n != int64(len(log.text)) {
				b.Fatal(n, err)
			}
		}
	})
}
