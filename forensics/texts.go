package forensics

import (
	"context"
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/forensics/charge"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/source"
)

// distinct sorts keys and drops repeats.
func distinct(keys []event.Key) []event.Key {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// texts fetches the text of every row that is reported, and checks it against
// the keys it was judged by.
func (inv *investigation) texts(ctx context.Context) error {
	for i := range inv.suspects {
		s := &inv.suspects[i]
		inv.rows = append(inv.rows, s.entries...)
		for n := range s.charges {
			if inv.reported(s, n) {
				inv.rows = append(inv.rows, s.charges[n].Pos)
			}
		}
	}
	for i := range inv.dismissed {
		inv.rows = append(inv.rows, inv.dismissed[i].entries...)
	}
	for i := range inv.mules {
		inv.rows = append(inv.rows, inv.mules[i].name)
	}
	for _, c := range inv.found.Sources.Attack {
		inv.rows = append(inv.rows, c.Row)
	}
	for i := range inv.paceDays {
		inv.rows = append(inv.rows, inv.paceDays[i].row)
	}
	slices.Sort(inv.rows)
	inv.rows = slices.Compact(inv.rows)
	if len(inv.rows) == 0 {
		return nil
	}
	var err error
	if inv.text, err = inv.log.Text(ctx, inv.rows); err != nil {
		return err
	}
	inv.at = make(map[event.Pos]int, len(inv.rows))
	for i, row := range inv.rows {
		inv.at[row] = i
	}
	return inv.verify()
}

// reported reports whether charge n of a suspect is in any table: it is the
// attacker's, a line of the ledger stands on it, or a person decided on it.
func (inv *investigation) reported(s *suspect, n int) bool {
	if c := &s.claims[n]; c.Verdict != refund.Own || c.Basis == charge.Decided {
		return true
	}
	for i := range s.ledger.Lines {
		if slices.Contains(s.ledger.Lines[i].Charges, n) {
			return true
		}
	}
	return false
}

// textOf returns the text of a row that was asked for.
func (inv *investigation) textOf(row event.Pos) *event.Text {
	return &inv.text[inv.at[row]]
}

// verify checks that the text of every row still has the key that the row was
// judged by, and that no two texts share one.
func (inv *investigation) verify() error {
	seen := map[event.Key]string{}
	check := func(key event.Key, text string, row event.Pos) error {
		old, ok := seen[key]
		switch {
		case event.KeyOfString(text) != key:
			return fmt.Errorf("%s: line %d is not what it was when it was read first; run again when nothing writes to the file any more",
				inv.log.Sources[row.Source()].Name, inv.textOf(row).Line)
		case ok && old != text:
			return fmt.Errorf("the ids %q and %q have one key; rename one of them", event.Masked(old), event.Masked(text))
		}
		seen[key] = text
		return nil
	}
	for i := range inv.suspects {
		s := &inv.suspects[i]
		for n, row := range s.entries {
			t := inv.textOf(row)
			if err := check(s.key, t.Get(event.AccountID), row); err != nil {
				return err
			}
			if d := s.visits[n].Device; d != 0 && t.Get(event.DeviceID) != "" {
				if err := check(d, t.Get(event.DeviceID), row); err != nil {
					return err
				}
			}
		}
		for n := range s.charges {
			c := &s.charges[n]
			if !inv.reported(s, n) {
				continue
			}
			t := inv.textOf(c.Pos)
			if err := check(c.Account, t.Get(event.AccountID), c.Pos); err != nil {
				return err
			}
			if err := check(c.Txn, t.Get(event.TxnID), c.Pos); err != nil {
				return err
			}
			if c.Ref != 0 && c.Kind == event.TransferOut && s.claims[n].Verdict != refund.Own {
				if err := check(c.Ref, t.Get(event.CounterpartyID), c.Pos); err != nil {
					return err
				}
			}
		}
	}
	for i := range inv.paceDays {
		d := &inv.paceDays[i]
		if err := check(d.account, inv.textOf(d.row).Get(event.AccountID), d.row); err != nil {
			return err
		}
	}
	return inv.verifyKnown()
}

// verifyKnown checks that what people know is of the accounts and charges that
// it was used for, and not of others with the same key.
func (inv *investigation) verifyKnown() error {
	same := func(said, logged string) error {
		if said != logged {
			return fmt.Errorf("the ids %q and %q have one key; rename one of them", event.Masked(said), event.Masked(logged))
		}
		return nil
	}
	for _, list := range [][]suspect{inv.suspects, inv.dismissed} {
		for i := range list {
			s := &list[i]
			account := inv.account(s)
			if s.decided != nil {
				if err := same(s.decided.text, account); err != nil {
					return err
				}
				if err := inv.verifyCharges(s, same); err != nil {
					return err
				}
			}
			for n := range s.balances {
				if err := same(s.balances[n].text, account); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// verifyCharges checks the charges of a suspect that people decided on.
func (inv *investigation) verifyCharges(s *suspect, same func(said, logged string) error) error {
	if s.dismissed {
		return nil // as a whole
	}
	for n := range s.charges {
		d, ok := s.decided.charges[s.charges[n].Txn]
		if !ok || !inv.reported(s, n) {
			continue
		}
		if err := same(d.Txn, inv.textOf(s.charges[n].Pos).Get(event.TxnID)); err != nil {
			return err
		}
	}
	return nil
}

// storeText returns the text of a charge's shop.
func storeText(t *event.Text) string {
	if s := t.Get(event.StoreID); s != "" {
		return s
	}
	return t.Get(event.MerchantID)
}

// placeText returns the text of a place, given that of one of its rows.
func placeText(c *source.Cell, t *event.Text) string {
	switch c.Kind {
	case source.Net:
		return networkText(t.Get(event.IP))
	case source.Agent:
		return t.Get(event.UserAgent)
	case source.ASN:
		return t.Get(event.ASNumber)
	}
	return t.Get(event.IP)
}
