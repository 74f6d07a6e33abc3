package parsers

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// yen is how most tests read: amounts in yen, one worker.
func yen() Options { return Options{Workers: 1, Currency: money.MustCurrency("JPY")} }

// write puts files into a folder and returns them as inputs.
func write(t testing.TB, files ...file) []Input {
	t.Helper()
	dir := t.TempDir()
	var inputs []Input
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path, []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, Input{Name: f.name, Path: path, Role: f.role})
	}
	return inputs
}

// mustLoad loads inputs, cut into blocks of a size.
func mustLoad(t testing.TB, inputs []Input, opt Options, size int) *event.Log {
	t.Helper()
	log, err := load(context.Background(), inputs, opt, size)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// loaded is what mustLoad returns for files with the usual blocks.
func loaded(t testing.TB, files ...file) *event.Log {
	t.Helper()
	return mustLoad(t, write(t, files...), yen(), block.Size)
}

// A content is all that a log says but where its rows stand.
type content struct {
	Logins  []event.Login
	Charges []event.Charge
}

// partsOf returns all rows of a log.
func partsOf(log *event.Log) []event.Part {
	var all []event.Part
	for part, err := range log.Parts.All(context.Background()) {
		if err != nil {
			panic(err)
		}
		all = append(all, event.Part{Logins: slices.Clone(part.Logins), Charges: slices.Clone(part.Charges)})
	}
	return all
}

func contentOf(log *event.Log) content {
	var c content
	for _, p := range partsOf(log) {
		c.Logins, c.Charges = append(c.Logins, p.Logins...), append(c.Charges, p.Charges...)
	}
	for i := range c.Logins {
		c.Logins[i].Pos = 0
	}
	for i := range c.Charges {
		c.Charges[i].Pos = 0
	}
	return c
}

// sameContent compares two logs but for where rows stand.
func sameContent(t testing.TB, what string, want, got *event.Log) {
	t.Helper()
	if a, b := contentOf(want), contentOf(got); !reflect.DeepEqual(a, b) {
		t.Errorf("%s: other rows (-want +got)\n%s", what, cmp.Diff(a, b))
	}
}

// sameLog compares two logs of the same files in all they say.
func sameLog(t testing.TB, what string, want, got *event.Log) {
	t.Helper()
	a, b := *want, *got
	a.Text, b.Text, a.Raw, b.Raw = nil, nil, nil, nil
	if x, y := partsOf(want), partsOf(got); !reflect.DeepEqual(x, y) {
		t.Errorf("%s: rows (-want +got)\n%s", what, cmp.Diff(x, y))
	}
	a.Parts, b.Parts, a.Memory, b.Memory = nil, nil, nil, nil
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s: (-want +got)\n%s", what, cmp.Diff(a, b))
	}
}

// checkLaw checks the account of rows of every source, without trusting
// Accepted: the rows that are in the log and the rejects that are listed must
// bear it out.
func checkLaw(t testing.TB, log *event.Log) {
	t.Helper()
	rows, rejects := make([]int64, len(log.Sources)), make([]int64, len(log.Sources))
	for _, p := range partsOf(log) {
		for i := range p.Logins {
			rows[p.Logins[i].Pos.Source()]++
		}
		for i := range p.Charges {
			rows[p.Charges[i].Pos.Source()]++
		}
	}
	for i := range log.Rejects {
		rejects[log.Rejects[i].Pos.Source()]++
	}
	for i, s := range log.Sources {
		if s.Read != s.Accepted+s.Rejected+s.Duplicates || rejects[i] != s.Rejected {
			t.Errorf("%s: %d read, %d accepted, %d rejected (%d listed), %d duplicates",
				s.Name, s.Read, s.Accepted, s.Rejected, rejects[i], s.Duplicates)
		}
		// Rows that tell of one payment are one row.
		if rows[i] > s.Accepted || rows[i] < s.Accepted && s.Role != event.Payments {
			t.Errorf("%s: %d accepted, %d in the log", s.Name, s.Accepted, rows[i])
		}
	}
}

// checkModel compares a log with the model: the counts, the rejects, the rows,
// and the text and line of every row.
func checkModel(t testing.TB, m *model, log *event.Log) {
	t.Helper()
	var sources []event.Source
	for _, s := range log.Sources {
		sources = append(sources, event.Source{Name: s.Name, Role: s.Role, Read: s.Read, Accepted: s.Accepted,
			Rejected: s.Rejected, Duplicates: s.Duplicates, Repeats: s.Repeats, First: s.First, Last: s.Last})
	}
	if diff := cmp.Diff(m.sources, sources); diff != "" {
		t.Errorf("sources (-want +got)\n%s", diff)
	}
	rejects := slices.Clone(log.Rejects)
	for i := range rejects {
		rejects[i].Pos = 0
	}
	slices.SortFunc(rejects, compareRejects)
	if diff := cmp.Diff(m.rejects, rejects); diff != "" {
		t.Errorf("rejects (-want +got)\n%s", diff)
	}
	want := map[[2]int64]*record{}
	for _, rec := range m.rows {
		want[[2]int64{int64(rec.source), rec.line}] = rec
	}
	var rows []event.Pos
	var moments []int64
	var keys [][4]event.Key
	var states []event.Status
	for _, p := range partsOf(log) {
		for _, l := range p.Logins {
			rows, moments, states = append(rows, l.Pos), append(moments, l.Time), append(states, 0)
			keys = append(keys, [4]event.Key{l.Account, l.Device, l.Session, l.Agent})
		}
		for _, c := range p.Charges {
			rows, moments, states = append(rows, c.Pos), append(moments, c.Time), append(states, c.Status)
			keys = append(keys, [4]event.Key{c.Account, c.Device, c.Session, c.Txn})
		}
	}
	if len(rows) != len(want) {
		t.Errorf("%d rows, want %d", len(rows), len(want))
	}
	texts, err := log.Text(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		rec := want[[2]int64{int64(rows[i].Source()), text.Line}]
		if rec == nil {
			t.Errorf("source %d, line %d is in the log", rows[i].Source(), text.Line)
			continue
		}
		account, device, session := event.KeyOfString(rec.text[event.AccountID]), event.KeyOfString(rec.text[event.DeviceID]), event.KeyOfString(rec.text[event.SessionID])
		last := event.KeyOfString(rec.text[event.UserAgent] + rec.text[event.TxnID])
		if moments[i] != rec.micros || keys[i] != [4]event.Key{account, device, session, last} || states[i] != m.status[rec] {
			t.Errorf("line %d: the row is at %d with keys %x and status %s, the record %q", text.Line, moments[i], keys[i], states[i], rec.raw)
		}
		for f := range event.NumFields {
			if f != event.AmountText && f != event.CurrencyCode && f != event.StatusWord && text.Get(f) != rec.text[f] {
				t.Errorf("line %d: %s is %q, want %q", text.Line, f, text.Get(f), rec.text[f])
			}
		}
	}
}

// TestLoadAgreesWithTheModel loads dirty files, cut into blocks of many sizes,
// and compares all that Load says of them with the model. What it says must
// also be the same whatever the blocks and workers.
func TestLoadAgreesWithTheModel(t *testing.T) {
	files, rejects, duplicates, repeats, conflicts := 0, 0, int64(0), int64(0), 0
	for seed := range seeds(250) {
		r := rand.New(rand.NewPCG(seed, 1))
		exports, opt := dirtyFiles(r), yen()
		if zone := []*time.Location{nil, time.UTC, time.FixedZone("", 9*3600)}[r.IntN(3)]; zone != nil {
			opt.Zones = map[event.Role]*time.Location{event.Auth: zone, event.Payments: zone, event.History: zone}
		}
		inputs := write(t, exports...)
		log, err := load(context.Background(), inputs, opt, block.Size)
		var zoneless *ZoneError
		if errors.As(err, &zoneless) && opt.Zones == nil {
			continue // the first stamp of a file has no zone
		}
		if err != nil {
			t.Fatal(err)
		}
		checkLaw(t, log)
		checkModel(t, slowLoad(exports, opt), log)
		for _, v := range []struct{ workers, size int }{{1, 40}, {2, 7}, {7, 300}} {
			opt.Workers = v.workers
			got := mustLoad(t, inputs, opt, v.size)
			sameLog(t, fmt.Sprintf("%d workers, blocks of %d", v.workers, v.size), log, got)
			checkModel(t, slowLoad(exports, opt), got)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		files += len(exports)
		rejects += len(log.Rejects)
		for i := range log.Rejects {
			conflicts += min(len(log.Rejects[i].Others), 1)
		}
		for _, s := range log.Sources {
			duplicates, repeats = duplicates+s.Duplicates, repeats+s.Repeats
		}
	}
	if !testing.Short() && (files < 300 || rejects < 3000 || duplicates < 300 || repeats < 100 || conflicts < 300) {
		t.Errorf("only %d files with %d rejects, %d of them conflicts, %d duplicates and %d repeats",
			files, rejects, conflicts, duplicates, repeats)
	}
}

// seeds is how many cases of chance are tried, fewer where time is short.
func seeds(n uint64) uint64 {
	if testing.Short() {
		return n / 5
	}
	return n
}

// cleanParts returns the header and the records of a file that has no broken
// quotes, so that its records may be moved.
func cleanParts(r *rand.Rand, role event.Role) (header string, records []string) {
	for {
		all := slowRecords(strings.TrimPrefix(dirtyText(r, role, randomColumns(r, role)), "\xef\xbb\xbf"))
		var out []string
		for _, rec := range all {
			if rec.fault == "" {
				out = append(out, rec.raw+"\n")
			}
		}
		if len(out) > 20 {
			return out[0], out[1:]
		}
	}
}

// TestOrderDoesNotMatter shuffles lines and files, splits a file into many,
// and packs files: the rows must stay.
func TestOrderDoesNotMatter(t *testing.T) {
	zone := time.FixedZone("", 9*3600)
	opt := yen()
	opt.Zones = map[event.Role]*time.Location{event.Auth: zone, event.Payments: zone}
	for seed := range seeds(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		var whole, shuffled, split, gzipped, zipped []file
		for _, role := range []event.Role{event.Auth, event.Payments} {
			header, records := cleanParts(r, role)
			text := header + strings.Join(records, "")
			name := role.String()
			whole = append(whole, file{name + ".csv", text, role})
			gzipped = append(gzipped, file{name + ".csv", string(gzipOf(text)), role})
			zipped = append(zipped, file{name + ".csv", zstdOf(text), role})
			mixed := slices.Clone(records)
			r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			shuffled = append(shuffled, file{name + ".csv", header + strings.Join(mixed, ""), role})
			for n := 0; len(mixed) > 0; n++ {
				k := 1 + r.IntN(len(mixed))
				split = append(split, file{fmt.Sprintf("%s-%d.csv", name, n), header + strings.Join(mixed[:k], ""), role})
				mixed = mixed[k:]
			}
		}
		r.Shuffle(len(split), func(i, j int) { split[i], split[j] = split[j], split[i] })
		inputs := write(t, whole...)
		log := mustLoad(t, inputs, opt, block.Size)
		slices.Reverse(inputs)
		sameContent(t, "files reversed", log, mustLoad(t, inputs, opt, 100))
		sameContent(t, "lines shuffled", log, mustLoad(t, write(t, shuffled...), opt, 100))
		sameContent(t, "split into files", log, mustLoad(t, write(t, split...), opt, 100))
		for _, packed := range [][]file{gzipped, zipped} {
			got := mustLoad(t, write(t, packed...), opt, 100)
			for i := range got.Sources {
				s := &got.Sources[i]
				if s.Compression == "" || s.Unpacked != log.Sources[i].Unpacked {
					t.Errorf("%s: %q, %d bytes unpacked, want %d", s.Name, s.Compression, s.Unpacked, log.Sources[i].Unpacked)
				}
				s.Compression, s.Bytes, s.SHA256 = "", log.Sources[i].Bytes, log.Sources[i].SHA256
			}
			sameLog(t, "packed", log, got)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func gzipOf(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

// zstdOf packs a text as a zstd frame of blocks that are stored as they are
// (RFC 8878): no window descriptor but one of 256 KiB, no checksum.
func zstdOf(text string) string {
	const maxBlock = 128 << 10
	out := []byte("\x28\xb5\x2f\xfd\x00\x40")
	for last := false; !last; {
		n := min(len(text), maxBlock)
		last = n == len(text)
		head := n << 3
		if last {
			head |= 1
		}
		out = append(out, byte(head), byte(head>>8), byte(head>>16))
		out = append(out, text[:n]...)
		text = text[n:]
	}
	return string(out)
}

// TestManyBlocks loads files of several usual blocks, and so across their
// ends, with all numbers of workers.
func TestManyBlocks(t *testing.T) {
	auth, payments := authLines(16_000), paymentLines(8_000)
	inputs := write(t, file{"a.csv", auth, event.Auth}, file{"p.csv", payments, event.Payments})
	opt := yen()
	log := mustLoad(t, inputs, opt, block.Size)
	checkLaw(t, log)
	if n := log.Rows(); n != 24_000 {
		t.Errorf("%d rows", n)
	}
	for _, workers := range []int{2, 7} {
		opt.Workers = workers
		sameLog(t, fmt.Sprintf("%d workers", workers), log, mustLoad(t, inputs, opt, block.Size))
		sameLog(t, fmt.Sprintf("%d workers, small blocks", workers), log, mustLoad(t, inputs, opt, 5000))
	}
	gz := mustLoad(t, write(t, file{"a.csv", string(gzipOf(auth)), event.Auth}, file{"p.csv", zstdOf(payments), event.Payments}), opt, block.Size)
	sameContent(t, "packed", log, gz)
}

// authLines returns an auth log with a header and n rows of usual width.
func authLines(n int) string {
	var b strings.Builder
	b.WriteString("event_time,account_id,event,outcome,reason,ip,device_id,user_agent,session_id,country,asn\n")
	for i := range n {
		fmt.Fprintf(&b, "2019-06-30T%02d:%02d:%02d.%06dZ,n7hthd%05d,login,success,,240.129.%d.%d,48a9ce69-1625-4659-9057-88e2%08d,WalletApp/2.13.2 (Android 9; SHV43),609dc8be%08d,JP,64776\n",
			i/3600%24, i/60%60, i%60, i%1_000_000, i*7919%50_000, i>>8&255, i&255, i*7919%60_000, i)
	}
	return b.String()
}

// paymentLines returns a payment log with a header and n rows of usual width.
func paymentLines(n int) string {
	var b strings.Builder
	b.WriteString("event_time,txn_id,account_id,kind,amount,currency,status,merchant_id,store_id,device_id,session_id,ip,funding_source,original_txn_id\n")
	for i := range n {
		fmt.Fprintf(&b, "2019-06-30T%02d:%02d:%02d.%06dZ,tx%010d,n7hthd%05d,payment,%d,JPY,approved,m%04d,st%05d,48a9ce69-1625-4659-9057-88e2%08d,609dc8be%08d,240.129.%d.%d,balance,\n",
			i/3600%24, i/60%60, i%60, i%1_000_000, i, i*7919%50_000, 100+i%30_000, i%97, i%1999, i*7919%60_000, i, i>>8&255, i&255)
	}
	return b.String()
}

// TestRecordsOfAnyLengthCount puts a record of up to a megabyte behind rows of
// several lengths, so that it lies differently in blocks: whether it is a row
// must not depend on that.
func TestRecordsOfAnyLengthCount(t *testing.T) {
	const header = "event_time,account_id,event,outcome,detail\n"
	const start = "2019-07-02T12:03:04.5Z,ann,login,success,"
	row := "2019-07-02T12:03:04Z,bob,login,success,\n"
	f := func(length int, good bool) {
		t.Helper()
		long := start + strings.Repeat("x", length-len(start)) + "\n"
		for _, before := range []int{0, 1, 9000, 12_000, 24_000} {
			text := header + strings.Repeat(row, before) + long + row
			log := loaded(t, file{"a.csv", text, event.Auth})
			s := log.Sources[0]
			if s.Read != int64(before)+2 || good != (s.Rejected == 0) {
				t.Errorf("a record of %d bytes behind %d rows: %d read, %d rejected, want it good: %v", length, before, s.Read, s.Rejected, good)
			}
			for _, r := range log.Rejects {
				if r.Line != int64(before)+2 || !strings.HasPrefix(long, r.Raw) || len(r.Raw) <= block.MaxRecord {
					t.Errorf("a record of %d bytes behind %d rows is rejected in line %d as %d bytes", length, before, r.Line, len(r.Raw))
				}
			}
			texts, err := log.Text(t.Context(), []event.Pos{slices.Max(positions(log))})
			if err != nil || texts[0].Line != int64(before)+3 {
				t.Errorf("a record of %d bytes behind %d rows: the last row is in line %d, %v", length, before, texts[0].Line, err)
			}
		}
	}
	f(8<<10, true)
	f(block.MaxRecord-1, true)
	f(block.MaxRecord, true)
	f(block.MaxRecord+1, false)
	f(block.MaxRecord*3/2, false)
	f(block.MaxRecord*5/2, false)
}

func TestTimesOfASourceAreThoseOfAcceptedRows(t *testing.T) {
	f := func(role event.Role, rows, first, last string) {
		t.Helper()
		header := "event_time,account_id,event,outcome\n"
		if role == event.Payments {
			header = "event_time,account_id,txn_id,kind,amount,status\n"
		}
		s := loaded(t, file{"x.csv", header + rows, role}).Sources[0]
		show := func(at time.Time) string {
			if at.IsZero() {
				return ""
			}
			return at.Format(time.RFC3339)
		}
		if show(s.First) != first || show(s.Last) != last {
			t.Errorf("%q: from %s to %s, want %s to %s", rows, show(s.First), show(s.Last), first, last)
		}
	}
	f(event.Auth, "", "", "")
	f(event.Auth, "2019-07-02T00:00:00Z,,login,\n", "", "")
	f(event.Auth, "2019-07-02T00:00:00Z,a,login,\n", "2019-07-02T00:00:00Z", "2019-07-02T00:00:00Z")
	f(event.Auth, "1970-01-01T00:00:00Z,a,login,\n2019-07-02T00:00:00Z,a,login,\n", "1970-01-01T00:00:00Z", "2019-07-02T00:00:00Z")
	f(event.Auth, "2019-07-02T00:00:00Z,a,login,\n1969-07-02T00:00:00Z,a,login,\n", "1969-07-02T00:00:00Z", "2019-07-02T00:00:00Z")
	const good = "2019-07-02T00:00:00Z,a,t,topup,1,pending\n"
	f(event.Payments, good+"2019-07-03T00:00:00Z,a,t,topup,1,approved\n", "2019-07-02T00:00:00Z", "2019-07-03T00:00:00Z")
	// Rows that contradict each other are rejected, and with them their times.
	f(event.Payments, good+"2099-01-01T00:00:00Z,a,u,topup,1,approved\n2099-01-01T00:00:00Z,b,u,topup,1,approved\n", "2019-07-02T00:00:00Z", "2019-07-02T00:00:00Z")
}

func TestNoWorkersAreOne(t *testing.T) {
	inputs := write(t, file{"a.csv", authLines(10), event.Auth})
	sameLog(t, "no workers", mustLoad(t, inputs, yen(), block.Size), mustLoad(t, inputs, Options{}, block.Size))
}

func TestNothingToLoad(t *testing.T) {
	log := mustLoad(t, nil, Options{}, block.Size)
	if log.Rows() != 0 || len(log.Sources) != 0 {
		t.Errorf("%+v", log)
	}
	texts, err := log.Text(context.Background(), nil)
	if len(texts) != 0 || err != nil {
		t.Errorf("%v, %v", texts, err)
	}
}

func TestProgressIsToldEveryByte(t *testing.T) {
	auth := authLines(5000)
	inputs := write(t, file{"a.csv", auth, event.Auth}, file{"b.csv", string(gzipOf(auth)), event.Auth})
	opt := yen()
	told := make(chan int64, 1<<16)
	opt.Progress = func(n int64) { told <- n }
	mustLoad(t, inputs, opt, block.Size)
	close(told)
	var sum int64
	for n := range told {
		sum += n
	}
	if want := TotalBytes(inputs); sum != want || want == 0 {
		t.Errorf("told of %d bytes of %d", sum, want)
	}
}

// currency returns a currency by its code.
func currency(t testing.TB, code string) money.Currency {
	t.Helper()
	return money.MustCurrency(code)
}
