package indicator

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/watch"
)

// Terms say which indicators are written.
type Terms struct {
	Shared bool  // those that honest people use too
	Least  int   // confidence
	AsOf   int64 // those that are valid then; 0 for all
}

// LeftOut counts what a list leaves out, and why.
type LeftOut struct {
	Shared   int // or not known to be nobody else's
	Unsure   int
	Outdated int
	Devices  int // that may be a victim's
	Narrow   int // networks of which one address did nearly all
	Other    int // that the format cannot say
}

// holds reports whether an indicator is within the terms, and else counts it.
func (t *Terms) holds(i *Indicator, out *LeftOut) bool {
	switch {
	case !i.Tellable():
		out.Devices++
	case i.Narrow:
		out.Narrow++
	case i.Sharing != Alone && (!t.Shared || !Public(i.Kind, i.Value)):
		out.Shared++
	case i.Confidence < t.Least:
		out.Unsure++
	case t.AsOf != 0 && i.Until < t.AsOf:
		out.Outdated++
	default:
		return true
	}
	return false
}

// What a line of a blocklist names of an IPv6 address: the network that one home
// or server has, since the rest changes at will.
const hostBits6 = 64

// WriteBlocklist writes the addresses and networks, one a line, put together
// where nothing is added by that. Comments stand on lines of their own, behind
// a #, as firewalls accept.
func WriteBlocklist(w io.Writer, list []Indicator, t Terms) (entries int, out LeftOut, err error) {
	var blocks []netip.Prefix
	var kept []string
	for n := range list {
		i := &list[n]
		if i.Kind != watch.IP && i.Kind != watch.Network {
			continue
		}
		p, ok := watch.Prefix(i.Value)
		if !ok {
			out.Other++
			continue
		}
		if p.Addr().Is6() && p.Bits() > hostBits6 {
			p = netip.PrefixFrom(p.Addr(), hostBits6).Masked()
		}
		before := out
		switch {
		case t.holds(i, &out):
			blocks = append(blocks, p)
		case out.Outdated > before.Outdated:
			kept = append(kept, fmt.Sprintf("# no longer valid, left out: %s (until %s)\n", text(p), stamp(i.Until)))
		case out.Shared > before.Shared && Public(i.Kind, i.Value):
			kept = append(kept, fmt.Sprintf("# shared, left out: %s (%d honest accounts; the attack tried %d)\n", text(p), i.Honest, i.Tried))
		}
	}
	blocks = aggregate(blocks)
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# addresses and networks of an attack on accounts, confidence %d and more\n", t.Least)
	if t.AsOf != 0 {
		fmt.Fprintf(b, "# valid at %s; draw it up anew, for addresses pass to honest people\n", time.UnixMicro(t.AsOf).UTC().Format(time.RFC3339))
	}
	for _, line := range kept {
		b.WriteString(line)
	}
	for _, p := range blocks {
		fmt.Fprintln(b, text(p))
	}
	return len(blocks), out, b.Flush()
}

// text writes one address without its length.
func text(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// aggregate puts networks together: those within another go, and two halves
// become the whole. No address is named that was not before.
func aggregate(list []netip.Prefix) []netip.Prefix {
	slices.SortFunc(list, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits() // the wider first
	})
	var out []netip.Prefix
	for _, p := range list {
		if n := len(out); n > 0 && out[n-1].Contains(p.Addr()) {
			continue
		}
		out = append(out, p)
		for n := len(out); n > 1; n = len(out) {
			whole := netip.PrefixFrom(out[n-2].Addr(), out[n-2].Bits()-1)
			if out[n-1].Bits() != out[n-2].Bits() || whole.Masked() != whole || !whole.Contains(out[n-1].Addr()) {
				break
			}
			out = append(out[:n-2], whole)
		}
	}
	return out
}
