package parsers

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// fuzzHeaders are put before a text on request, so that it is taken for rows.
var fuzzHeaders = map[event.Role]string{
	event.Auth:     "event_time,account_id,event,outcome,ip,event_id,detail\n",
	event.Payments: "event_time,txn_id,account_id,kind,amount,status,currency,ip\n",
}

// FuzzLoad reads any bytes as an auth log and as a payment log, by one worker
// in one block and by three in many, which must not make a difference. The
// account of rows must come out, with as many records as the model finds, and
// every reject must stand where the model has that record.
func FuzzLoad(f *testing.F) {
	seeds := 0
	add := func(text string, header bool) {
		f.Add([]byte(text), header)
		seeds++
	}
	r := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		for _, role := range []event.Role{event.Auth, event.Payments} {
			add(dirtyText(r, role, randomColumns(r, role)), false)
		}
	}
	add("2019-07-02T12:03:04.5Z,ann,login,success,192.0.2.1,,\"a\nb\"\n2019-07-02T12:03:04.5Z,ann,login,success,192.0.2.1,e,\n", true)
	add("2019-07-02T12:03:04.5Z,ann,login,success,192.0.2.1,e,x\r\n\r\n2019-07-02T12:03:04Z,ann,login,success,::1,e,x", true)
	add("2019-07-02T12:03:04Z,t,ann,topup,100,pending,JPY,\n2019-07-02T12:03:05Z,t,ann,topup,100,approved,JPY,\n", true)
	add("2019-07-02T12:03:04Z,t,ann,topup,100,pending,JPY,\n2019-07-02T12:03:04Z,t,bob,topup,1.00,approved,,\n,,,,,,,\n", true)
	add("x\",y,\"z\nx\",y,\"z\nx\",y,\"z\n", true)
	add(authLines(3), false)
	add(paymentLines(3), false)
	add(zstdOf(authLines(2)), false)
	add(string(gzipOf(paymentLines(2))), false)
	add(string(gzipOf(paymentLines(20)))[:150], false)
	add("\xef\xbb\xbf\"event_time\",account_id,event,outcome\n", false)
	add("", false)
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, header bool) {
		for role, head := range fuzzHeaders {
			text := string(data)
			if header {
				text = head + text
			}
			path := filepath.Join(dir, role.String())
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			fuzzOne(t, text, []Input{{Name: "x", Path: path, Role: role}})
		}
	})
}

func fuzzOne(t *testing.T, text string, inputs []Input) {
	opt := yen()
	log, err := load(context.Background(), inputs, opt, block.Size)
	opt.Workers = 3
	again, err2 := load(context.Background(), inputs, opt, 16)
	if err != nil || err2 != nil {
		if err == nil || err2 == nil || err.Error() != err2.Error() {
			t.Fatalf("%v, in small blocks %v", err, err2)
		}
		return
	}
	sameLog(t, "three workers, small blocks", log, again)
	checkLaw(t, log)
	rows := positions(log)
	texts, err := log.Text(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range texts {
		if got.Get(event.AccountID) == "" {
			t.Errorf("the row at %d of line %d has no account", rows[i].Offset(), got.Line)
		}
	}
	if log.Sources[0].Compression != "" || log.Sources[0].Format != "" {
		return // the model reads plain CSV in UTF-8
	}
	records := slowRecords(strings.TrimPrefix(text, "\xef\xbb\xbf"))
	if got, want := log.Sources[0].Read, int64(len(records)-1); got != want {
		t.Errorf("%d records, want %d", got, want)
	}
	raw := map[int64]string{}
	for _, rec := range records {
		raw[rec.line] = rec.raw
	}
	for _, reject := range log.Rejects {
		if reject.Raw != raw[reject.Line] {
			t.Errorf("line %d is rejected as %q, want %q", reject.Line, reject.Raw, raw[reject.Line])
		}
	}
}
