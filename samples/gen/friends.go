package gen

// A transfer is money that one account sends another. It is a pure function of
// the pair, so that both sides write the same without knowing each other.
type transfer struct {
	at, amount int64
	other      uint64
	out        bool // this side sends
}

// circle is how many accounts find their friends among each other.
const circle = 64

// friend returns the account that account n exchanges money with, if any.
func (t *town) friend(n uint64) (uint64, bool) {
	group := n / circle
	h := hash3(t.key, 0xf21e7d, group)
	other := group*circle + (h-n%circle)%circle
	if other == n || other >= uint64(t.w.Accounts) || len(t.w.Cast) > 0 {
		return 0, false
	}
	r := newRNG(t.w.Seed, streamPair, min(n, other)<<8|1)
	return other, r.chance(t.w.Rates.Friends)
}

// transfers appends what account n and its friend send each other.
func (t *town) transfers(n uint64, p *person, dst []transfer) []transfer {
	other, ok := t.friend(n)
	if !ok || p.gap == 0 || p.traits&DormantReturn != 0 {
		return dst
	}
	friend := t.person(other)
	if friend.gap == 0 || friend.traits&DormantReturn != 0 {
		return dst
	}
	begin := max(p.begin, friend.begin) + hour
	if begin >= t.end {
		return dst
	}
	r := newRNG(t.w.Seed, streamPair, min(n, other)<<8|2)
	for range 1 + r.below(max(int64(t.w.Days)/7, 1)) {
		x := transfer{amount: 100 * r.between(3, 50), other: other}
		if q := t.w.Rates.LargeTransfers; q > 0 && r.chance(q) {
			x.amount = min(1000*r.between(6, 50), t.w.TopupCap)
		}
		x.at = t.atHour(&r, begin-(begin+japan)%day+r.below((t.end-begin)/day+1)*day, false)
		x.out = r.chance(0.5) == (n < other)
		if x.at > begin && x.at < t.end {
			dst = append(dst, x)
		}
	}
	return dst
}

// reserve sets money aside for a transfer, topping up when there is too
// little. From here on the transfer is certain, as the friend's side assumes.
func (l *life) reserve(x *transfer, k task) {
	l.signIn(mainSet)
	if short := x.amount - l.free(); short > 0 {
		e := entry{kind: topup, store: -1, about: -1, who: l.who(mainSet), amount: (short + 999) / 1000 * 1000}
		e.funding, e.ref = l.p.instrument()
		if e.funding == cashFunding {
			e.store = l.p.favorite[0]
		}
		l.record(e)
	}
	l.reserved += x.amount
	k.at, k.do = x.at, doSend
	l.tasks.push(k)
}

// passOn writes one side of a transfer. The receiving side needs no phone.
func (l *life) passOn(x *transfer, k task) {
	e := entry{kind: transferIn, amount: x.amount, store: -1, about: -1, other: x.other + 1, funding: balanceFunding}
	if k.do == doSend {
		l.reserved -= x.amount
		e.kind, e.who = transferOut, l.who(mainSet)
	}
	l.record(e)
}
