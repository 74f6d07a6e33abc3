package gen

// A run is a stretch of failed tries: a unit of work like some accounts.
type run struct {
	attack int32
	source int32 // -1: a source for every try
	stint  source
	first  int // number of the first try, in the attack
	count  int
	target uint64 // the one account that is tried, plus 1; 0: many
	opens  int    // number of the first try of its stint
}

// triesPerRun is how many tries a worker takes at a time.
const triesPerRun = 4096

// planTries cuts the tries into runs.
func (b *planner) planTries() {
	a := b.a
	from, to := b.window()
	first := 0
	cut := func(source int32, stint source, target uint64) {
		opens := first
		for done := 0; done < stint.tries; done += triesPerRun {
			part := stint
			part.from += int64(done) * stint.gap
			n := min(triesPerRun, stint.tries-done)
			b.p.runs = append(b.p.runs, run{b.number, source, part, first, n, target, opens})
			first += n
		}
	}
	switch {
	case a.Vector == BankLink:
		// The wallets that try are entered themselves; see openWallet.
	case a.Vector == BruteForce:
		// Accounts that held out against the same guessing.
		for left := a.Tries; left > 0; {
			n := int(b.r.between(150, 1200))
			s := b.proxyOrSource()
			s.from, s.gap, s.tries = b.r.between(from, to-hour), 2*second, min(n, left)
			target := uint64(b.r.below(int64(b.t.w.Accounts)))
			cut(0, s, 1+target)
			if most := b.t.w.Rates.LockAfter; most > 0 && n > most {
				b.p.locks = append(b.p.locks, lock{target, s.from + int64(most)*s.gap})
			}
			left -= n
		}
	case a.Sources > 0:
		for i, s := range b.sources {
			cut(int32(i), s, 0)
		}
	default:
		cut(-1, source{from: from, gap: (to - from) / int64(a.Tries+1), tries: a.Tries}, 0)
	}
}

func (b *planner) proxyOrSource() source {
	if len(b.sources) == 0 {
		return source{who: b.t.proxy(&b.r, b.a)}
	}
	return b.sources[b.r.below(int64(len(b.sources)))]
}

// writeRun writes the failed tries of a run.
func (c *clerk) writeRun(u *run, number uint64) {
	t := c.t
	a := &t.w.Attacks[u.attack]
	c.begin(tryUnits + number)
	c.sum.Tries += int64(u.count)
	r := newRNG(t.w.Seed, streamTries, uint64(u.attack)<<40|uint64(u.first))
	b := planner{t: t, a: a}
	from, to := b.window()
	at, who := u.stint.from, u.stint.who
	var id []byte
	var n uint64
	repeat := false
	for i := range u.count {
		if u.source < 0 {
			who = t.proxy(&r, a)
			if !repeat {
				at = b.rush(&r, from, to)
			} else {
				at += r.exp(20 * minute)
			}
		} else {
			at += u.stint.gap/2 + r.exp(u.stint.gap/2)
			if u.stint.who.device == 0 && !u.stint.bare {
				who.device = r.next()
			}
		}
		if !repeat {
			n = t.tried(a, u, u.first+i, &r)
			id = t.appendAccount(id[:0], n)
		}
		what := t.refusal(a, n, at)
		if most := t.w.Rates.LockAfter; u.target > 0 && most > 0 && u.first+i-u.opens >= most {
			what.reason = "locked"
		}
		c.auth(at, id, what, who)
		repeat = u.target == 0 && (a.Vector == ListType || a.Vector == ListProxy) && !repeat && r.chance(a.Habits.Repeats)
	}
}

// refusal is what the log says of a failed try.
func (t *town) refusal(a *Attack, n uint64, at int64) act {
	what := act{"login", "failure", "bad_password"}
	switch a.Vector {
	case ResetAbuse:
		what = act{"password_reset", "failure", "wrong_answer"}
	case ExternalLogin:
		what = act{"external_login", "failure", "unknown_account"}
	}
	if n >= uint64(t.w.Accounts) {
		what.reason = "unknown_account"
	} else if born, _ := t.born(n); born > at {
		what.reason = "unknown_account"
	}
	return what
}

// tried returns the number of the account that a try is about.
func (t *town) tried(a *Attack, u *run, try int, r *rng) uint64 {
	accounts := uint64(t.w.Accounts)
	switch {
	case u.target > 0:
		return u.target - 1
	case a.Vector == ReverseBrute && t.w.NumericIDs:
		// Number after number, gaps included.
		n := hash3(t.key, uint64(u.attack), 0x5e9)%accounts*5/4 + uint64(try)
		if n%5 == 4 {
			return strangers + n/5
		}
		return (n - n/5) % accounts
	case r.chance(a.UnknownShare) || a.Vector == ExternalLogin:
		return strangers + hash3(t.key, uint64(u.attack), uint64(try))>>16
	case a.Vector == Spraying:
		// Wave after wave over the same list.
		list := max(uint64(a.Tries)/uint64(max(a.Habits.Waves, 1)), 1)
		return hash3(t.key, uint64(u.attack), uint64(try)%list) % accounts
	}
	return uint64(r.below(int64(accounts)))
}
