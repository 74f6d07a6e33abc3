package register

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// add adds a record to a book as a journal would: written and read back.
func add(t *testing.T, b *Book, rec Record) {
	t.Helper()
	rec.Version, rec.Seq, rec.Prev, rec.At = version, b.Records+1, b.Head, time.Unix(1562000000+b.Records, 0).UTC()
	line, err := encoded(&rec)
	if err != nil {
		t.Fatal(err)
	}
	read, err := decoded(line, false)
	if err == nil {
		err = b.apply(read)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// exportTo exports all of a plan in one file that is never written.
func exportTo(t *testing.T, b *Book, word string, p *Plan) {
	t.Helper()
	if len(p.Entries) == 0 {
		return
	}
	f := File{Name: "f", Count: int64(len(p.Entries)), Sums: []Sum{{Currency: "JPY"}}}
	for i := range p.Entries {
		p.Entries[i].File = f.Name
		f.Sums[0].Minor += p.Entries[i].Amount
	}
	add(t, b, Record{Export: &Export{Draft: draftOf(word), Out: "out", Files: []File{f}, Entries: p.Entries}})
}

// TestLaws lets made-up cases grow, shrink and be paid, and compares the register
// with a slow account of its own.
//
//   - after an export that leaves nothing out, what stands exported for a line is
//     its target, and a second export has nothing
//   - no name is exported twice
//   - no payment is negative, and no account is taken more from than it was paid
//   - the amounts of the states add up to the target
func TestLaws(t *testing.T) {
	const worlds, days = 3400, 4 // of three accounts each
	exports := 0
	for seed := range worlds {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		b := newBook()
		names := map[Text]bool{}
		stands := map[Text]int64{} // by id
		byName := map[Text]Entry{}
		for day := range days {
			lines := someLines(rng)
			word := fmt.Sprint("day", day)
			add(t, b, Record{Approve: &Approval{Draft: draftOf(word), Maker: "m", Approver: "ada", Lines: lines}})
			c := everything
			c.RetryAll = rng.IntN(2) == 0
			p := planOf(t, b, word, c)
			exportTo(t, b, word, p)
			if len(p.Entries) > 0 {
				exports++
			}
			left := map[Text]bool{}
			for _, l := range p.Left {
				left[l.Line.ID] = true
			}
			for _, e := range p.Entries {
				if names[e.Name] || (e.Way == Payment || e.Way == Credit) != (e.Amount > 0) {
					t.Fatalf("world %d: %+v", seed, e)
				}
				names[e.Name] = true
				stands[e.ID] += e.Amount
				byName[e.Name] = e
			}
			for _, l := range lines {
				if !left[l.ID] && stands[l.ID] != l.Payable {
					t.Fatalf("world %d, day %d: %s stands at %d, target %d", seed, day, l.ID, stands[l.ID], l.Payable)
				}
				if got := b.Obligation(l.ID).Exported(); got != stands[l.ID] {
					t.Fatalf("world %d, day %d: %s: the register says %d, the entries %d", seed, day, l.ID, got, stands[l.ID])
				}
			}
			if p := planOf(t, b, word, c); len(p.Entries) > 0 {
				t.Fatalf("world %d, day %d: again: %v", seed, day, short(p))
			}
			for name, e := range byName {
				if e.Amount > 0 && rng.IntN(8) == 0 {
					item := Item{Name: name, Amount: e.Amount, Currency: e.Currency, Date: "2019-07-08", Reason: "x"}
					if b.Check(&item, Returned) != "" {
						continue
					}
					add(t, b, Record{Returned: &Settlement{Source: "s", Items: []Item{item}}})
					stands[e.ID] -= e.Amount
				}
			}
			for _, o := range b.Obligations() {
				s := o.Standing(nil)
				var sum int64
				for _, amount := range s.By {
					sum += amount
				}
				if sum != s.Target {
					t.Fatalf("world %d: %s: %+v", seed, o.ID, s)
				}
			}
		}
	}
	if exports < worlds {
		t.Errorf("only %d exports", exports)
	}
}

// someLines makes the lines of a few accounts.
func someLines(rng *rand.Rand) []Line {
	var lines []Line
	statuses := []string{"open", "open", "open", "open", "held", "closed"}
	for account := range 3 {
		a := fmt.Sprint("a", account)
		for n := range 3 {
			l := card(fmt.Sprint(a, "c", n), a, int64(rng.IntN(4)*100))
			l.Status = statuses[rng.IntN(len(statuses))]
			if l.Payable == 0 || l.Status == "closed" {
				l.Payable, l.Status = 0, "closed"
			}
			if rng.IntN(5) > 0 {
				lines = append(lines, l)
			}
		}
		w := walletLine(a+"w", a, int64(1+rng.IntN(3)*50))
		if account != 1 {
			w = walletLine(a+"w", a, -int64(1+rng.IntN(3)*50))
		}
		lines = append(lines, w)
	}
	return lines
}
