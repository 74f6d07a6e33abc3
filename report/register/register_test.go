package register

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/report/atomicfile"
)

// clock returns a clock that goes on by a second each time it is asked.
func clock() func() time.Time {
	at := time.Date(2019, 7, 5, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

func opened(t testing.TB, dir string, now func() time.Time) *Register {
	t.Helper()
	r, err := Open(dir, Options{Create: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// draftOf names a draft by a word.
func draftOf(word string) Draft {
	return Draft{Manifest: "m-" + word, Ledger: "l-" + word, Case: "c-" + word}
}

func card(id, account string, payable int64) Line {
	return Line{ID: Text(id), Account: Text(account), Component: "instrument_refund", Channel: "card", Payer: "operator", Currency: "JPY", Payable: payable, Status: "open"}
}

func walletLine(id, account string, payable int64) Line {
	l := card(id, account, payable)
	l.Channel, l.Component = "balance", "balance_restore"
	if payable < 0 {
		l.Component = "balance_clawback"
	}
	return l
}

func approve(t testing.TB, r *Register, word, approver string, lines ...Line) {
	t.Helper()
	if _, err := r.Append(Record{Approve: &Approval{Draft: draftOf(word), Maker: "maker", Approver: Text(approver), Lines: lines}}); err != nil {
		t.Fatal(err)
	}
}

var everything = Choice{Channels: map[string]bool{"card": true, "debit": true, "bank": true, "cash": true}, Payers: map[string]bool{"operator": true}}

func plan(t testing.TB, r *Register, word string, c Choice) *Plan {
	t.Helper()
	return planOf(t, r.Book(), word, c)
}

func planOf(t testing.TB, b *Book, word string, c Choice) *Plan {
	t.Helper()
	p, err := b.Plan(draftOf(word), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// export exports a draft in one file and returns what it exported and left.
func export(t testing.TB, r *Register, word, out string, c Choice) *Plan {
	t.Helper()
	p := plan(t, r, word, c)
	if len(p.Entries) == 0 {
		return p
	}
	s, err := r.Stage()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Discard()
	e, err := write(s, p, Export{Draft: draftOf(word), Out: out})
	if err == nil {
		_, err = r.Commit(s, e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// write writes the entries of a plan as text, one file a channel.
func write(s *Stage, p *Plan, e Export) (Export, error) {
	texts := map[string]*bytes.Buffer{}
	files := map[string]*File{}
	for i := range p.Entries {
		entry := &p.Entries[i]
		entry.File = entry.Channel + ".txt"
		f := files[entry.File]
		if f == nil {
			f = &File{Name: entry.File, Format: "text", Sums: []Sum{{Currency: entry.Currency}}}
			files[entry.File], texts[entry.File] = f, &bytes.Buffer{}
		}
		f.Count++
		f.Sums[0].Minor += entry.Amount
		fmt.Fprintf(texts[entry.File], "%s %d\n", entry.Name, entry.Amount)
	}
	e.Entries = p.Entries
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(s.Path, name)
		err := atomicfile.Write(path, 0o600, func(w io.Writer) error {
			_, err := w.Write(texts[name].Bytes())
			return err
		})
		if err != nil {
			return e, err
		}
		f := files[name]
		if f.Bytes, f.SHA256, err = HashFile(path); err != nil {
			return e, err
		}
		e.Files = append(e.Files, *f)
	}
	return e, nil
}

// short shows entries and what was left in few words.
func short(p *Plan) []string {
	var all []string
	for _, e := range p.Entries {
		all = append(all, fmt.Sprintf("%s %s %d", e.Name, e.Way, e.Amount))
	}
	for _, l := range p.Left {
		all = append(all, fmt.Sprintf("%s left %s", l.Line.ID, l.Why))
	}
	return all
}

func check(t testing.TB, what string, p *Plan, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, short(p)); d != "" {
		t.Errorf("%s: (-want +got)\n%s", what, d)
	}
}

// TestWalletTurns: a wallet that was restored is to be taken back tomorrow, by the
// same obligation. What was restored is taken back with it, and where it left by a
// transfer, it is listed for a person.
func TestWalletTurns(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, filepath.Join(dir, "ledger"), clock())
	approve(t, r, "one", "boss", card("c", "ann", 100), walletLine("w", "ann", 68))
	check(t, "first", export(t, r, "one", filepath.Join(dir, "out1"), everything), "c payment 100", "w credit 68")
	approve(t, r, "two", "boss", card("c", "ann", 100), walletLine("w", "ann", -70))
	check(t, "taken back", export(t, r, "two", filepath.Join(dir, "out2"), everything), "w-2 clawback -138")
	approve(t, r, "three", "boss", card("c", "ann", 100), walletLine("w", "ann", 5))
	check(t, "restored again", export(t, r, "three", filepath.Join(dir, "out3"), everything), "w-3 credit 75")
	check(t, "nothing new", plan(t, r, "three", everything))
}

// TestLife takes lines through all that can happen to them.
func TestLife(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, filepath.Join(dir, "ledger"), clock())
	out := func(n int) string { return filepath.Join(dir, fmt.Sprint("out", n)) }
	held := card("h", "a", 700)
	held.Status = "held"
	approve(t, r, "one", "ada", card("c1", "a", 30000), card("c2", "a", 20000), walletLine("w", "a", -4000), held)
	check(t, "first", export(t, r, "one", out(1), everything), "c1 payment 30000", "c2 payment 20000", "w clawback -4000", "h left not_open")
	check(t, "again", export(t, r, "one", out(2), everything), "h left not_open")

	// Tomorrow the case is bigger: one line more, one grew, one sank.
	approve(t, r, "two", "ada", card("c1", "a", 35000), card("c2", "a", 15000), walletLine("w", "a", -4000), card("c3", "b", 100))
	check(t, "bigger", export(t, r, "two", out(3), everything), "c1-2 payment 5000", "c2-2 recovery -5000", "c3 payment 100")
	check(t, "yesterday's draft", export(t, r, "one", out(4), everything), "c1 left superseded", "c2 left superseded", "h left not_open")
	check(t, "bigger again", export(t, r, "two", out(4), everything))

	// A transfer comes back. It is paid again only when that is said.
	item := Item{Name: "c1-2", Amount: 5000, Currency: "JPY", Date: "2019-07-08", Reason: "口座なし"}
	if _, err := r.Append(Record{Returned: &Settlement{Source: "s", Items: []Item{item}}}); err != nil {
		t.Fatal(err)
	}
	check(t, "returned", export(t, r, "two", out(5), everything), "c1 left waits_for_retry")
	again := everything
	again.Retry = map[Text]bool{"c1-2": true}
	p := export(t, r, "two", out(5), again)
	check(t, "retried", p, "c1-3 payment 5000")
	if len(p.Entries) != 1 || !slices.Equal(p.Entries[0].Retries, []Text{"c1-2"}) {
		t.Errorf("%+v", p.Entries)
	}
	check(t, "retried again", export(t, r, "two", out(6), again))
	if _, err := r.Append(Record{Paid: &Settlement{Source: "s", Items: []Item{{Name: "c1", Amount: 30000, Currency: "JPY", Date: "2019-07-08"}}}}); err != nil {
		t.Fatal(err)
	}
	s := r.Book().Obligation("c1").Standing(nil)
	if s.Target != 35000 || s.By[Paid] != 30000 || s.By[Exported] != 5000 || s.State != Exported {
		t.Errorf("%+v", s)
	}

	// What Read sees is what is known here, now and then.
	now, err := Read(filepath.Join(dir, "ledger"), time.Time{}, nil)
	if err != nil || now.Head != r.Book().Head || now.Records != 7 {
		t.Fatalf("%+v, error %v", now, err)
	}
	then, err := Read(filepath.Join(dir, "ledger"), now.exports[0].At, nil)
	if err != nil || then.Records != 2 || then.Obligation("c3") != nil || !then.Has(now.Head) {
		t.Fatalf("%+v, error %v", then, err)
	}
}

func TestPlanLeaves(t *testing.T) {
	over := card("o", "e", -5)
	bank := card("i", "f", 9)
	bank.Payer = "bank"
	for _, test := range []struct {
		name   string
		lines  []Line
		choice func(*Choice)
		want   []string
	}{
		{"negative net", []Line{card("c", "a", 100), walletLine("w", "a", -300)}, nil, []string{"c left negative_net", "w left negative_net"}},
		{"a claw-back waits for its payment", []Line{card("c", "a", 300), walletLine("w", "a", -100)},
			func(c *Choice) { c.Unwritable = map[Text]string{"c": "no payee"} }, []string{"c left unwritable", "w left net_below_zero"}},
		{"negative and no wallet", []Line{over, card("p", "e", 10)}, nil, []string{"p payment 10", "o left overpaid"}},
		{"another pays", []Line{bank}, nil, []string{"i left not_asked"}},
		{"channel not asked", []Line{card("c", "a", 1), walletLine("w", "a", 2)}, func(c *Choice) { c.Channels = nil }, []string{"w credit 2", "c left not_asked"}},
		{"a name that is taken", []Line{card("x", "a", 1), card("x-2", "a", 1)}, nil, []string{"x payment 1", "x-2 payment 1"}},
	} {
		r := opened(t, filepath.Join(t.TempDir(), "ledger"), clock())
		approve(t, r, "d", "ada", test.lines...)
		c := everything
		if test.choice != nil {
			test.choice(&c)
		}
		check(t, test.name, plan(t, r, "d", c), test.want...)
	}
	// Paid outside since it was exported: it may be that very payment.
	dir := t.TempDir()
	r := opened(t, filepath.Join(dir, "ledger"), clock())
	approve(t, r, "one", "ada", card("c", "a", 100))
	export(t, r, "one", filepath.Join(dir, "out"), everything)
	later := card("c", "a", 0)
	later.Earlier = 100
	approve(t, r, "two", "ada", later)
	check(t, "paid outside", plan(t, r, "two", everything), "c left earlier_changed")
}

func TestApprovers(t *testing.T) {
	try := func(r *Register, maker, approver string, limits *[]Sum, lines ...Line) error {
		// A register is of no use after an error, so each try has its own.
		_, err := r.Append(Record{Approve: &Approval{Draft: draftOf("d"), Maker: Text(maker), Approver: Text(approver), Limits: limits, Lines: lines}})
		return err
	}
	for _, test := range []struct {
		maker, approver string
		ok              bool
	}{
		{"Ada", "Bob", true},
		{"Ada", "Ada", false},
		{"Ada", " ADA ", false},
		{"Ada", "Ａｄａ", false},
		{"Ada Love", "ada\u00a0love", false},
		{"Ada", "A\u200bda", false},
		{"Straße", "STRASSE", true}, // another name
		{"ｶﾞ", "ガ", false},
		{"Ada", "", false},
		{"Ada", " \t", false},
		{"", "Bob", false},
	} {
		r := opened(t, filepath.Join(t.TempDir(), "ledger"), clock())
		if err := try(r, test.maker, test.approver, nil, card("c", "a", 1)); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrApprover) {
			t.Errorf("made by %q, approved by %q: error %v", test.maker, test.approver, err)
		}
	}
	// Above the limit it takes two, and the limit stays.
	r := opened(t, filepath.Join(t.TempDir(), "ledger"), clock())
	if err := try(r, "ada", "bob", &[]Sum{{"JPY", 100}}, card("c", "a", 101), card("k", "a", -50)); err != nil {
		t.Fatal(err)
	}
	if d := r.Book().Draft(draftOf("d")); d.Approved() || d.Needs != 2 {
		t.Errorf("%+v", d)
	}
	if err := try(r, "ada", "cyd", nil); err != nil {
		t.Fatal(err)
	}
	if d := r.Book().Draft(draftOf("d")); !d.Approved() {
		t.Errorf("%+v", d)
	}
	if _, err := r.Append(Record{Revoke: &Revocation{Draft: draftOf("d"), By: "ada", Reason: "a mistake"}}); err != nil {
		t.Fatal(err)
	}
	if d := r.Book().Draft(draftOf("d")); d.Approved() {
		t.Errorf("%+v", d)
	}
	if err := try(r, "ada", "bob", nil); err != nil {
		t.Fatal(err)
	}
	if d := r.Book().Draft(draftOf("d")); d.Approved() || d.Needs != 2 {
		t.Errorf("%+v", d)
	}
	if err := try(r, "ada", "BOB", nil); !errors.Is(err, ErrApprover) {
		t.Errorf("twice by one: error %v", err)
	}
}

// TestRefuses asks for what must never be written.
func TestRefuses(t *testing.T) {
	entry := func(change func(*Entry)) *Export {
		e := Entry{Name: "c", ID: "c", Account: "a", Component: "instrument_refund", Channel: "card", Currency: "JPY", Way: Payment, Amount: 100, Target: 100, File: "f"}
		change(&e)
		return &Export{Draft: draftOf("d"), Out: "out", Files: []File{{Name: "f", Count: 1, Sums: []Sum{{"JPY", e.Amount}}}}, Entries: []Entry{e}}
	}
	sure := func(e *Export, change func(*Export)) *Export {
		change(e)
		return e
	}
	plain := func(*Entry) {}
	for want, e := range map[string]*Export{
		"not what the draft says":       entry(func(e *Entry) { e.Target = 99 }),
		"is not what the draft":         entry(func(e *Entry) { e.Account = "b" }),
		"a payment of 99 and should be": entry(func(e *Entry) { e.Amount = 99 }),
		"a credit of 100 and should be": entry(func(e *Entry) { e.Way = Credit }),
		"should go by the name":         entry(func(e *Entry) { e.Name = "c-2" }),
		"does not name the returned":    entry(func(e *Entry) { e.Retries = []Text{"c"} }),
		"draft that is not approved":    sure(entry(plain), func(e *Export) { e.Draft = draftOf("other") }),
		"exports a draft that is not":   sure(entry(plain), func(e *Export) { e.Draft.Ledger = "x" }),
		"exports nothing":               sure(entry(plain), func(e *Export) { e.Entries = nil }),
		"holds 2 entries":               sure(entry(plain), func(e *Export) { e.Files[0].Count = 2 }),
		"[{JPY 99}]":                    sure(entry(plain), func(e *Export) { e.Files[0].Sums[0].Minor = 99 }),
		"cannot be one":                 sure(entry(plain), func(e *Export) { e.Files[0].Name = "../f" }),
		"that it does not name":         sure(entry(plain), func(e *Export) { e.Files = nil }),
	} {
		r := opened(t, filepath.Join(t.TempDir(), "ledger"), clock())
		approve(t, r, "d", "ada", card("c", "a", 100))
		if _, err := r.append(Record{Export: e}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", want, err)
		}
		if _, err := r.append(Record{Export: entry(plain)}); err == nil {
			t.Errorf("%q: still usable", want)
		}
	}
	// The one that is right is written.
	r := opened(t, filepath.Join(t.TempDir(), "ledger"), clock())
	approve(t, r, "d", "ada", card("c", "a", 100))
	if _, err := r.append(Record{Export: entry(plain)}); err != nil {
		t.Error(err)
	}
	for want, s := range map[string]Item{
		"nothing was exported": {Name: "x", Amount: 100, Currency: "JPY", Date: "2019-07-08", Reason: "r"},
		"with amount 100":      {Name: "c", Amount: 99, Currency: "JPY", Date: "2019-07-08", Reason: "r"},
		"is in JPY":            {Name: "c", Amount: 100, Currency: "USD", Date: "2019-07-08", Reason: "r"},
		"the date is none":     {Name: "c", Amount: 100, Currency: "JPY", Date: "2019-07-32", Reason: "r"},
		"says no reason":       {Name: "c", Amount: 100, Currency: "JPY", Date: "2019-07-08"},
	} {
		if got := r.Book().Check(&s, Returned); !strings.Contains(got, want) {
			t.Errorf("%q: %q", want, got)
		}
	}
}

// TestBytes: accounts whose names are no text stay apart.
func TestBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	r := opened(t, dir, clock())
	names := []string{"a\xff", "a\xfe", "a\ufffd", "=1+1", "a;b,c\n\x00", strings.Repeat("x", 10000), `{"bytes":"YQ=="}`}
	var lines []Line
	for i, n := range names {
		lines = append(lines, card(fmt.Sprint("id", i), n, 1), card("=\xff"+n, n, 2))
	}
	approve(t, r, "d", "ada", lines...)
	book, err := Read(dir, time.Time{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if o := book.Obligation(l.ID); o == nil || o.Account != l.Account {
			t.Errorf("%q: %+v", l.ID, o)
		}
	}
}

// TestGone: who is no victim any more was paid, and nothing in the draft asks it
// back: that is told. What a draft leaves out is not gone, nor what is of another
// incident.
func TestGone(t *testing.T) {
	dir := t.TempDir()
	r := opened(t, filepath.Join(dir, "ledger"), clock())
	approve(t, r, "one", "boss", card("c", "ann", 100), card("d", "bob", 50), card("e", "eve", 7))
	check(t, "first", export(t, r, "one", filepath.Join(dir, "out1"), everything), "c payment 100", "d payment 50", "e payment 7")
	approve(t, r, "elsewhere", "boss", card("x", "zoe", 1))
	check(t, "another incident", export(t, r, "elsewhere", filepath.Join(dir, "out2"), everything), "x payment 1")
	approve(t, r, "two", "boss", card("c", "ann", 120))
	left := everything
	left.LeftOut = map[Text]bool{"e": true}
	p := export(t, r, "two", filepath.Join(dir, "out3"), left)
	check(t, "second", p, "c-2 payment 20", "d left gone")
	if l := p.Left[0]; l.Exported != 50 || l.Line.Account != "bob" {
		t.Errorf("%+v", l)
	}
}
