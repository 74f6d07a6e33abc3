package register

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// aLedger makes a ledger folder with a few records and returns its files.
func aLedger(t *testing.T) (dir string, journal, head []byte) {
	t.Helper()
	root := t.TempDir()
	dir = filepath.Join(root, "ledger")
	r, err := Open(dir, Options{Create: true, Now: clock()})
	if err != nil {
		t.Fatal(err)
	}
	approve(t, r, "one", "ada", card("c", "a", 100), walletLine("w", "a", -10))
	export(t, r, "one", filepath.Join(root, "out1"), everything)
	if _, err := r.Append(Record{Paid: &Settlement{Source: "s", Items: []Item{{Name: "c", Amount: 100, Currency: "JPY", Date: "2019-07-08"}}}}); err != nil {
		t.Fatal(err)
	}
	approve(t, r, "two", "ada", card("c", "a", 150))
	export(t, r, "two", filepath.Join(root, "out2"), everything)
	r.Close()
	return dir, contents(t, dir, JournalName), contents(t, dir, HeadName)
}

// records cuts a journal into its records.
func records(t *testing.T, journal []byte) (all [][]byte) {
	t.Helper()
	r := newReader(bytes.NewReader(journal), int64(len(journal)))
	for {
		line, rows, err := r.next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, []byte(line+rows))
	}
}

// encoded returns a record as it stands in the journal, in one piece.
func encoded(rec *Record) (string, error) {
	line, rows, err := encode(rec)
	return line + rows, err
}

// decoded reads a record that is in one piece.
func decoded(text string, all bool) (*Record, error) {
	line, rows, ok := strings.Cut(text, "\n")
	if ok {
		line += "\n"
	}
	return decode(line, rows, all)
}

func contents(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func put(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// damaged wants a folder to be refused, naming a record; 0 stands for any.
func damaged(t *testing.T, dir, what string, record int64) {
	t.Helper()
	_, err := Read(dir, time.Time{}, nil)
	var d *DamageError
	if !errors.As(err, &d) || record != 0 && d.Record != record {
		t.Errorf("%s: error %v, want record %d", what, err, record)
	}
	if r, err := Open(dir, Options{Create: true, Now: clock()}); err == nil {
		r.Close()
		t.Errorf("%s: opened for writing", what)
	}
}

func TestDamageIsSeen(t *testing.T) {
	dir, journal, head := aLedger(t)
	lines := records(t, journal)
	if len(lines) != 5 {
		t.Fatalf("%d records", len(lines))
	}
	// Every byte counts; a prime stride takes all kinds of places in.
	at := 0
	for n, line := range lines {
		for i := n; i < len(line); i += 11 {
			bad := bytes.Clone(journal)
			bad[at+i] ^= 1
			put(t, dir, JournalName, bad)
			_, err := Read(dir, time.Time{}, nil)
			var d *DamageError
			if !errors.As(err, &d) || d.Record != int64(n+1) {
				t.Fatalf("record %d, byte %d changed: error %v", n+1, i, err)
			}
		}
		at += len(line)
	}
	join := func(order ...int) []byte {
		var all []byte
		for _, i := range order {
			all = append(all, lines[i-1]...)
		}
		return all
	}
	for _, test := range []struct {
		what    string
		journal []byte
		record  int64
	}{
		{"cut at the end", join(1, 2, 3, 4), 5},
		{"cut within the last", journal[:len(journal)-5], 5},
		{"cut to nothing", nil, 1},
		{"one taken out", join(1, 2, 4, 5), 3},
		{"two exchanged", join(1, 3, 2, 4, 5), 2},
		{"one twice", join(1, 2, 2, 3, 4, 5), 3},
		{"two more", join(1, 2, 3, 4, 5, 5, 5), 0},
	} {
		put(t, dir, JournalName, test.journal)
		damaged(t, dir, test.what, test.record)
	}
	if err := os.Remove(filepath.Join(dir, JournalName)); err != nil {
		t.Fatal(err)
	}
	damaged(t, dir, "the journal gone", 1)
	put(t, dir, JournalName, journal)
	if err := os.Remove(filepath.Join(dir, HeadName)); err != nil {
		t.Fatal(err)
	}
	damaged(t, dir, "the head gone", 0)
	put(t, dir, HeadName, []byte("{}"))
	damaged(t, dir, "a head of nothing", 0)
	put(t, dir, HeadName, bytes.Replace(head, []byte(`"seq":5`), []byte(`"seq":6`), 1))
	damaged(t, dir, "a head of more", 6)
	// Put back, all is well.
	put(t, dir, HeadName, head)
	if _, err := Read(dir, time.Time{}, nil); err != nil {
		t.Error(err)
	}
}

// TestHashesAreNotEnough: a chain that is whole, with a figure that is not borne
// out by what stands before.
func TestHashesAreNotEnough(t *testing.T) {
	dir, journal, _ := aLedger(t)
	lines := records(t, journal)
	rec, err := decoded(string(lines[4]), true)
	if err != nil {
		t.Fatal(err)
	}
	rec.Export.Entries[0].Amount++
	rec.Export.Files[0].Sums[0].Minor++
	forged, err := encoded(rec)
	if err != nil {
		t.Fatal(err)
	}
	all := append(bytes.Join(lines[:4], nil), forged...)
	hash := forged[len(lineHead):][:hashLen]
	put(t, dir, HeadName, fmt.Appendf(nil, `{"seq":5,"hash":%q,"bytes":%d}`, hash, len(all)))
	put(t, dir, JournalName, all)
	damaged(t, dir, "a forged amount", 5)
}

// TestTorn: what one interrupted append can leave is put right, and only that.
func TestTorn(t *testing.T) {
	dir, journal, head := aLedger(t)
	whole := contents(t, dir, JournalName)
	text, err := encoded(&Record{Version: version, Seq: 6, Prev: bookOf(t, dir).Head, At: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		Revoke: &Revocation{Draft: draftOf("two"), By: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	next := []byte(text)
	for _, tail := range [][]byte{nil, next[:1], next[:len(next)/2], next[:len(next)-1], make([]byte, 300), append(make([]byte, 30), '\n', 0, '\n')} {
		put(t, dir, JournalName, append(bytes.Clone(journal), tail...))
		if b := bookOf(t, dir); b.Records != 5 {
			t.Errorf("tail of %d: %d records", len(tail), b.Records)
		}
		r := opened(t, dir, clock())
		if (len(r.Recovered) == 1) != (len(tail) > 0) {
			t.Errorf("tail of %d: %q", len(tail), r.Recovered)
		}
		r.Close()
		if got := contents(t, dir, JournalName); !bytes.Equal(got, whole) {
			t.Errorf("tail of %d: the journal has %d bytes, not %d", len(tail), len(got), len(whole))
		}
	}
	// The record is whole, only the head did not follow: it counts.
	put(t, dir, JournalName, append(bytes.Clone(journal), next...))
	if b := bookOf(t, dir); b.Records != 6 {
		t.Errorf("%d records", b.Records)
	}
	opened(t, dir, clock()).Close()
	if got := contents(t, dir, HeadName); bytes.Equal(got, head) {
		t.Error("the head does not follow")
	}
	put(t, dir, JournalName, journal)
	damaged(t, dir, "cut after the head followed", 6)
}

func bookOf(t *testing.T, dir string) *Book {
	t.Helper()
	b, err := Read(dir, time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "notes.txt", []byte("x"))
	if _, err := Open(dir, Options{Create: true, Now: clock()}); !errors.Is(err, ErrNone) {
		t.Errorf("among other things: error %v", err)
	}
	missing := filepath.Join(dir, "no", "where")
	if _, err := Open(missing, Options{Now: clock()}); !errors.Is(err, ErrNone) {
		t.Errorf("not there: error %v", err)
	}
	if _, err := Read(missing, time.Time{}, nil); !errors.Is(err, ErrNone) {
		t.Errorf("not there: error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "no")); err == nil {
		t.Error("a folder was made")
	}
	ledger := filepath.Join(dir, "ledger")
	r := opened(t, ledger, clock())
	if _, err := Open(ledger, Options{Create: true, Now: clock()}); err == nil {
		t.Error("opened twice")
	}
	approve(t, r, "d", "ada", card("c", "a", 1))
	for name, want := range map[string]os.FileMode{".": 0o700 | os.ModeDir, JournalName: 0o600, HeadName: 0o600} {
		if info, err := os.Stat(filepath.Join(ledger, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, error %v", name, info.Mode(), err)
		}
	}
	r.Close()
	r = opened(t, ledger, func() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) })
	if _, err := r.Append(Record{Revoke: &Revocation{Draft: draftOf("d"), By: "x"}}); err == nil {
		t.Error("the clock went back")
	}
}

func checkRecord(t *testing.T, data string) {
	t.Helper()
	rec, err := decoded(data, true)
	if err != nil {
		return
	}
	again, err := encoded(rec)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := decoded(again, true); err != nil || other.Seq != rec.Seq {
		t.Fatalf("%v, error %v", other, err)
	}
}

// FuzzRows reads any bytes as rows: no panic, and what is read is written alike.
// FuzzRecord reads a line of the register, and each kind of row in one.
func FuzzRecord(f *testing.F) {
	rec := Record{Version: version, Seq: 1, Prev: noHash, Approve: &Approval{Draft: draftOf("d"), Maker: "m\xff", Approver: "a", Lines: []Line{card("c", "<&>", 1)}}}
	line, err := encoded(&rec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(line[:len(line)-1])
	f.Add("[\"0\",00,\"\",\"0\",\"0\"]\n")
	f.Add("[\"0\",0,\"\",\"0\",\"0\"]\n")
	f.Add("[\"0\",-0,\"\",\"0\",\"0\"]\n")
	f.Add(lineHead + noHash + lineMid + "{}" + lineTail)
	for _, id := range []string{"c", "a\xff", `"\`, "口座", "a\n"} {
		var b strings.Builder
		l := card(id, id, -5)
		appendLine(&b, &l)
		f.Add(b.String())
		e := Entry{Name: Text(id), Retries: []Text{"x", Text(id)}}
		b.Reset()
		appendEntry(&b, &e)
		f.Add(b.String())
	}
	f.Fuzz(func(t *testing.T, data string) {
		checkRecord(t, data)
		checkRows(t, data, readLine, appendLine)
		checkRows(t, data, readEntry, appendEntry)
		checkRows(t, data, readItem, appendItem)
	})
}

func checkRows[T any](t *testing.T, data string, read func(*rowReader, *T), add func(*strings.Builder, *T)) {
	rows, err := readAll(data, strings.Count(data, "\n"), read)
	if err != nil {
		return
	}
	var b strings.Builder
	appendAll(&b, rows, add)
	again, err := readAll(b.String(), len(rows), read)
	if err != nil || !cmp.Equal(rows, again) {
		t.Fatalf("%q: %v, then %v, error %v", data, rows, again, err)
	}
}
