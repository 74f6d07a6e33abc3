package refund

import (
	"cmp"
	"slices"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/money"
)

// A book is the result as it is being written.
type book struct {
	account Account
	cites   []int // what Line.Charges are cut from
}

// reserve makes room for the result and lists the charges that are undone.
func (b *book) reserve(g *chains) {
	lines, cites, undone := 3, 0, 0
	for i := range g.nodes {
		n := &g.nodes[i]
		if g.unmatched(i) {
			lines, cites = lines+1, cites+1
		}
		if n.side == Own {
			continue
		}
		if n.legs[wallet] != 0 {
			cites++
		}
		if n.side == Named && n.legs[instrument] != 0 {
			cites++
			if n.root == int32(i) {
				lines++
			}
		}
		if g.undone(i) {
			undone++
		}
	}
	b.account.Lines = make([]Line, 0, lines)
	b.cites = make([]int, 0, cites)
	if undone == 0 {
		return
	}
	b.account.Undone = make([]int, 0, undone)
	for i := range g.nodes {
		if g.undone(i) {
			b.account.Undone = append(b.account.Undone, i)
		}
	}
}

// settle writes the lines of one currency.
func (b *book) settle(g *chains, c money.Currency) {
	start := len(b.account.Lines)
	p := g.pool(c)
	for i := range g.nodes {
		n, row := &g.nodes[i], &g.in.Charges[i]
		if row.Currency != uint32(c) {
			continue
		}
		switch {
		case g.unmatched(i):
			b.unmatchedLine(g, i, &p)
		case n.side == Named && g.moves(i) && n.legs[instrument] != 0 && !g.in.foreign(i):
			b.instrumentLine(g, i)
		}
	}
	b.walletLines(g, &p)
	b.finish(g, &p, b.account.Lines[start:])
}

// instrumentLine writes what one fraudulent charge took from its instrument.
func (b *book) instrumentLine(g *chains, i int) {
	n, row := &g.nodes[i], &g.in.Charges[i]
	line := Line{
		Component: InstrumentRefund, Currency: money.Currency(row.Currency), Instrument: row.Ref,
		Gross: row.Amount, Amount: -n.net[instrument],
	}
	line.Returned = line.Gross - line.Amount
	if line.Gross == 0 && line.Returned == 0 {
		return // a check of the instrument: nothing was captured
	}
	var why Reason
	line.Channel, why = channelOf(row.Funding)
	line.Reasons.add(why)
	start := len(b.cites)
	for j := int32(i); j != none; j = g.nodes[j].next {
		if g.nodes[j].legs[instrument] != 0 {
			line.Reasons |= b.cite(g, j)
		}
	}
	line.Charges = b.cited(g, start, 1)
	switch {
	case n.over[instrument] != 0:
		line.Reasons.add(OverReturned)
	case line.Amount == 0:
		line.Reasons.add(FullyReturned)
	case line.Amount < line.Gross:
		line.Reasons.add(PartlyReturned)
	}
	if line.Amount > 0 && g.in.stoppable(i) {
		line.Reasons.add(IssuerMayStop)
	}
	b.account.Lines = append(b.account.Lines, line)
}

// channelOf returns by which channel an instrument is paid. Cash has no owner
// in a log; an attacker who tops up at a register mostly brings their own.
func channelOf(f event.Funding) (Channel, Reason) {
	switch f {
	case event.Card:
		return Card, NoReason
	case event.Debit:
		return Debit, NoReason
	case event.Bank:
		return Bank, NoReason
	case event.Points:
		return Points, NoReason
	case event.Cash:
		return Cash, CashOwnerUnknown
	case event.OtherFunding:
		return NoChannel, FundingOther
	}
	return NoChannel, FundingUnknown
}

// cite notes that the line being written stands on row i, and returns what
// that row says about it.
func (b *book) cite(g *chains, i int32) Reasons {
	b.cites = append(b.cites, int(i))
	row, n := &g.in.Charges[i], &g.nodes[i]
	var why Reasons
	switch row.Kind {
	case event.TopUp:
		why.add(TopUpByAttacker)
	case event.Payment:
		why.add(SpentByAttacker)
	case event.TransferOut, event.Payout:
		why.add(MovedOutByAttacker)
	case event.TransferIn:
		why.add(MovedInByAttacker)
	case event.Chargeback:
		why.add(ChargedBack)
	case event.Refund:
		why.add(Refunded)
		if g.in.Charges[n.root].Kind == event.TopUp {
			why.add(TopUpRefunded)
		}
	case event.Reversal:
		why.add(Reversed)
		if n.parent != n.root {
			why = setOf(ReturnUndone)
		}
	}
	if row.Status == event.Pending {
		why.add(Pending)
	}
	return why
}

// cited returns the rows cited since start, those from the given one on in the
// order of time and transaction, so that rows of one instant have one order.
func (b *book) cited(g *chains, start, from int) []int {
	list := b.cites[start:len(b.cites):len(b.cites)]
	if from < len(list) {
		slices.SortFunc(list[from:], g.compareRows)
	}
	return list
}

// walletLines writes what the wallet is owed, or owes. Between what is named
// and what is possible the owner gets the benefit: a restore stands on what is
// named alone, a claw-back goes no further than it would if the possible
// charges were fraud too. Possible charges never enlarge a claw-back, for the
// instruments behind them have no line that would give the money back.
func (b *book) walletLines(g *chains, p *pool) {
	amount := p.Wallet
	spared := amount < 0 && p.withPossible > amount
	if spared {
		amount = min(p.withPossible, 0)
	}
	var used int64
	opening, known, torn := g.opening(p.Currency)
	below := false
	if known {
		var closing int64
		if closing, below = g.closing(p.Currency, opening); !below && !torn && amount < 0 && closing+amount < 0 {
			amount, used = -closing, closing+amount
		}
	}
	line := Line{Component: BalanceRestore, Channel: Balance, Currency: p.Currency}
	start := len(b.cites)
	line.Charges, line.Reasons = b.walletRows(g, p.Currency, spared)
	if below {
		line.Reasons.add(BalanceBelowZero)
	}
	if torn {
		line.Reasons.add(BalancesDiffer)
	}
	if amount < 0 {
		line.Component = BalanceClawback
	}
	// A contradiction in the rows is listed even if the sum happens to be 0.
	doubtful := line.Reasons.status(0) == Exception && len(line.Charges) > 0
	if line.Gross, line.Amount = amount, amount; amount != 0 || doubtful && used == 0 {
		b.account.Lines = append(b.account.Lines, line)
	}
	if used != 0 {
		line.Component, line.Channel = VictimUsed, NoChannel
		line.Gross, line.Amount = used, used
		line.Reasons.add(OwnerSpent)
		b.account.Lines = append(b.account.Lines, line)
	}
	if amount == 0 && used == 0 && !doubtful {
		b.cites = b.cites[:start]
	}
}

// walletRows returns the rows that a wallet line of a currency stands on, and
// what they say about it.
func (b *book) walletRows(g *chains, c money.Currency, withPossible bool) ([]int, Reasons) {
	var why Reasons
	start := len(b.cites)
	for i := range g.nodes {
		n, row := &g.nodes[i], &g.in.Charges[i]
		if row.Currency != uint32(c) || n.legs[wallet] == 0 {
			continue
		}
		switch {
		case n.side == Own:
			// A return that the attacker made of the owner's charge is the
			// owner's money, but not if it is more than the owner paid.
			if n.parent != none && g.in.side(i) == Named {
				why.add(OwnChargeUndone)
				if g.nodes[n.root].over[wallet] != 0 {
					why.add(OverReturned)
				}
			}
			continue
		case n.side == Named:
			why |= b.cite(g, int32(i))
			if g.moves(i) && row.Kind == event.TopUp && g.in.foreign(i) {
				why.add(ForeignTopUp)
			}
			if g.moves(i) && row.Kind == event.Payment && row.Funding == event.NoFunding {
				why.add(FundingUnknown)
			}
		case withPossible:
			why |= b.cite(g, int32(i)) & setOf(Pending)
			why.add(PossibleSpared)
		default:
			continue
		}
		if n.over[wallet] != 0 {
			why.add(OverReturned)
		}
	}
	return b.cited(g, start, 0), why
}

// unmatchedLine lists a return that cannot be laid against a charge, if it
// could concern a fraudulent one. One without an original may be the return of
// a fraudulent charge under another name, unless it is older than all of them.
func (b *book) unmatchedLine(g *chains, i int, p *pool) {
	n, row := &g.nodes[i], &g.in.Charges[i]
	concerns := n.side == Named ||
		n.why == OrphanReversal && p.Charges > 0 && row.Time >= p.since
	if !concerns {
		return
	}
	start := len(b.cites)
	b.cites = append(b.cites, i)
	b.account.Lines = append(b.account.Lines, Line{
		Component: UnmatchedReturn, Currency: p.Currency,
		Gross: row.Amount, Returned: row.Amount,
		Charges: b.cited(g, start, 1), Reasons: setOf(n.why),
	})
}

// finish decides the status of the lines of one currency, orders them, and
// writes the total.
func (b *book) finish(g *chains, p *pool, lines []Line) {
	for i := range lines {
		p.NetLoss += lines[i].Amount
	}
	for i := range lines {
		l := &lines[i]
		if g.in.Possible {
			l.Reasons.add(PossibleAccount)
		}
		if p.NetLoss < 0 && l.Amount < 0 {
			l.Reasons.add(NegativeNet)
		}
		l.Status = l.Reasons.status(l.Amount)
	}
	slices.SortFunc(lines, func(l, m Line) int {
		return cmp.Or(cmp.Compare(l.Component, m.Component), g.compareRows(l.Charges[0], m.Charges[0]))
	})
	b.account.Totals = append(b.account.Totals, p.Total)
}
