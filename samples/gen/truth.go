package gen

import (
	"strconv"
)

// lookalikeNames are the words of the truth files, by bit.
func lookalikeNames() [numLookalikes]string {
	return [numLookalikes]string{
		"new_handset", "reinstall", "second_device", "family_phone", "office", "traveller", "vpn", "abroad",
		"account_book", "shop_tablet", "heavy_buyer", "dormant_return", "broken_client", "new_customer",
	}
}

// String returns the words of a set of look-alikes, joined by semicolons.
func (s Lookalike) String() string {
	var b []byte
	for i, name := range lookalikeNames() {
		if s>>i&1 == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	return string(b)
}

// testifyEntry writes an attacker's successful login to the truth.
func (l *life) testifyEntry(at int64, who presence, role string) {
	c := l.c
	if at >= l.t.end {
		return
	}
	c.sum.Entries++
	if !c.wanted[entrySheet] {
		return
	}
	s := &c.shards[entrySheet]
	off := len(s.text)
	b := append(appendTime(s.text, at), ',')
	b = append(append(b, l.id...), ',')
	b = append(appendDevice(b, who.device), ',')
	b = append(appendSession(b, who.session), ',')
	b = append(appendAddr(b, who.from), ',')
	b = append(append(b, role...), ',')
	b = append(b, l.t.w.Attacks[l.theft.job.attack].Name...)
	s.text = append(b, '\n')
	c.put(entrySheet, uint64(at), off)
}

// testify writes the truth about an account when its life is over.
func (l *life) testify() {
	c := l.c
	switch {
	case l.theft.entered:
		role := "entered"
		if l.lost() {
			role = "victim"
			c.sum.Victims++
		} else {
			c.sum.Entered++
		}
		due := debts(l.book, l.wallet)
		var net int64
		for i := range due {
			net += due[i].gross - due[i].returned
			l.testifyDebt(&due[i])
		}
		c.sum.NetLoss += net
		for i := range l.book {
			if l.book[i].thief > 0 {
				l.testifyCharge(int32(i))
			}
		}
		l.testifyAccount(role, net)
	case len(l.mules) > 0:
		c.sum.Mules++
		l.testifyAccount("mule", 0)
	case l.shown != 0 && l.ownerRows > 0:
		c.sum.Lookalikes++
		l.testifyAccount("lookalike", 0)
	}
}

// standing returns what is left of an entry after refunds, reversals and
// chargebacks of it.
func (l *life) standing(i int32) int64 {
	left := l.book[i].amount
	for j := int(i) + 1; j < len(l.book); j++ {
		if l.book[j].about == i && l.book[j].status == approved {
			left -= l.book[j].amount
		}
	}
	return left
}

// lost reports whether an approved charge of a thief still stands.
func (l *life) lost() bool {
	for i := range l.book {
		e := &l.book[i]
		if e.thief > 0 && e.status == approved && l.standing(int32(i)) > 0 {
			return true
		}
	}
	return false
}

func (l *life) testifyAccount(role string, net int64) {
	c, j := l.c, l.theft.job
	if !c.wanted[accountSheet] {
		return
	}
	s := &c.shards[accountSheet]
	off := len(s.text)
	b := append(append(s.text, l.id...), ',')
	b = append(append(b, role...), ',')
	if l.theft.entered {
		b = append(append(b, l.t.w.Attacks[j.attack].Vector...), ',')
		if j.robs {
			b = append(b, j.executor...)
		}
	} else {
		b = append(b, ',')
	}
	b = append(b, ',')
	b = append(append(b, l.shown.String()...), ',')
	if l.theft.entered {
		b = append(appendTime(b, l.theft.at), ',')
		b = append(strconv.AppendBool(b, l.theft.seen), ',')
	} else {
		b = append(b, ",,"...)
	}
	b = strconv.AppendInt(b, net, 10)
	s.text = append(b, ",JPY\n"...)
	c.put(accountSheet, l.n, off)
}

func (l *life) testifyCharge(i int32) {
	c, e, j := l.c, &l.book[i], l.theft.job
	c.sum.Charges++
	if !c.wanted[chargeSheet] {
		return
	}
	word := e.status.String()
	if e.status == approved && l.standing(i) <= 0 {
		word = "reversed"
	}
	s := &c.shards[chargeSheet]
	off := len(s.text)
	b := append(appendTxn(s.text, e.txn), ',')
	b = append(append(b, l.id...), ',')
	b = append(appendTime(b, e.at), ',')
	b = append(append(b, e.kind.String()...), ',')
	b = strconv.AppendInt(b, e.amount, 10)
	b = append(b, ",JPY,"...)
	b = append(append(b, word...), ',')
	name := l.t.w.Attacks[j.attack].Name
	b = append(append(b, name...), '/')
	b = append(append(b, j.executor...), '/')
	b = append(strconv.AppendInt(b, int64(e.thief), 10), ',')
	b = append(b, name...)
	s.text = append(b, '\n')
	c.put(chargeSheet, uint64(e.at), off)
}

func (l *life) testifyDebt(d *debt) {
	c := l.c
	if !c.wanted[moneySheet] {
		return
	}
	channel := d.leg.funding.String()
	if channel == "" {
		channel = "none"
	}
	s := &c.shards[moneySheet]
	off := len(s.text)
	b := append(append(s.text, l.id...), ',')
	b = append(append(b, d.component...), ',')
	b = append(append(b, channel...), ',')
	b = append(appendRef(b, d.leg.ref), ',')
	b = append(strconv.AppendInt(b, d.gross, 10), ',')
	b = append(strconv.AppendInt(b, d.returned, 10), ',')
	b = strconv.AppendInt(b, d.gross-d.returned, 10)
	s.text = append(b, ",JPY\n"...)
	c.put(moneySheet, l.n, off)
}
