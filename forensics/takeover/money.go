package takeover

import (
	"math/bits"

	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
)

// A histogram counts account-days by how much was topped up or spent in them,
// four steps to each doubling: exact to add up, and fine enough for the few
// quantiles that are asked of it.
type histogram [256]int64

func bucketOf(minor int64) int {
	if minor < 4 {
		return int(max(minor, 0))
	}
	n := bits.Len64(uint64(minor))
	return min((n-2)*4+int(minor>>(n-3)&3), len(histogram{})-1)
}

// bound returns the amounts that the given permilles of days do not exceed, as
// the buckets they lie in.
func (h *histogram) bounds(permilles ...int64) []int {
	var total int64
	for _, n := range h {
		total += n
	}
	out := make([]int, len(permilles))
	for i, p := range permilles {
		var sum int64
		out[i] = len(h)
		for b, n := range h {
			if sum += n; sum*1000 >= total*p && total > 0 {
				out[i] = b
				break
			}
		}
	}
	return out
}

// spending counts what is topped up or spent in each day of an account,
// whichever is more.
func (f *finder) spending(a *baseline.Account) {
	var topped, spent int64
	day, currency := int64(-1), uint32(0)
	flush := func() {
		if v := max(topped, spent); v > 0 {
			h := f.days[currency]
			if h == nil {
				h = &histogram{}
				f.days[currency] = h
			}
			h[bucketOf(v)]++
		}
		topped, spent = 0, 0
	}
	for i := range a.Charges {
		c := &a.Charges[i]
		if c.Status == event.Declined {
			continue
		}
		if d := c.Time / baseline.Day; d != day || c.Currency != currency {
			flush()
			day, currency = d, c.Currency
		}
		switch c.Kind {
		case event.TopUp:
			topped += c.Amount
		case event.Payment, event.TransferOut, event.Payout:
			spent += c.Amount
		}
	}
	flush()
}

// price sets the Money feature of all visits.
func price(visits []Visit, days map[uint32]*histogram) {
	bounds := map[uint32][]int{}
	for c, h := range days {
		bounds[c] = h.bounds(900, 990, 999)
	}
	for i := range visits {
		v := &visits[i]
		b := bounds[v.Currency]
		at := bucketOf(v.Volume)
		for n := range b {
			if at > b[n] {
				v.Outcome[Money] = uint8(n + 1)
			}
		}
	}
}
