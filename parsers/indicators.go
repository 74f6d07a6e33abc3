package parsers

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/paytriage/paytriage/forensics/discreet"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/scalar"
)

// Indicators are accounts, addresses, networks, devices, user agents and shops
// that somebody listed. Matching a row allocates nothing.
type Indicators struct {
	entries []string // "kind value", by number
	keys    [numIndicators]map[event.Key]int
	nets    []indicatorNets
}

// The kinds of indicator that are compared as a whole.
const (
	ofAccount = iota
	ofDevice
	ofAgent
	ofStore
	numIndicators
)

var indicatorKinds = map[string]int{"account": ofAccount, "device": ofDevice, "user_agent": ofAgent, "store": ofStore}

// indicatorNets are the networks of one size.
type indicatorNets struct {
	mask event.Addr
	v4   bool
	by   map[event.Addr]int
}

// maxIndicators bounds a list: one of millions is a log, not a list.
const maxIndicators = 1_000_000

// ReadIndicators reads CSV with the columns kind and value; others, such as why,
// are for people. The kinds are account, ip (an address or a network such as
// 192.0.2.0/24), device, user_agent and store.
func ReadIndicators(r io.Reader) (*Indicators, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		if err == io.EOF {
			err = errors.New("is empty; the first line names the columns kind and value")
		}
		return nil, err
	}
	kindAt, valueAt := -1, -1
	for i, name := range header {
		switch strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")) {
		case "kind":
			kindAt = i
		case "value":
			valueAt = i
		}
	}
	if kindAt < 0 || valueAt < 0 {
		return nil, errors.New("line 1: needs the columns kind and value")
	}
	list := &Indicators{}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		problem := "lacks a kind or a value"
		if len(record) > max(kindAt, valueAt) {
			problem = list.add(strings.TrimSpace(record[kindAt]), strings.TrimSpace(record[valueAt]))
		}
		if problem != "" {
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("line %d: %s", line, problem)
		}
	}
}

// add puts one entry into the list, or says what is wrong with it.
func (l *Indicators) add(kind, value string) (problem string) {
	n := len(l.entries)
	if n == maxIndicators {
		return fmt.Sprintf("more than %d entries", maxIndicators)
	}
	switch at, known := indicatorKinds[kind]; {
	case value == "":
		return "value: is empty"
	case known:
		if l.keys[at] == nil {
			l.keys[at] = map[event.Key]int{}
		}
		if _, again := l.keys[at][event.KeyOf([]byte(value))]; again {
			return ""
		}
		l.keys[at][event.KeyOf([]byte(value))] = n
	case kind == "ip" || kind == "network":
		if problem := l.addNet(value, n); problem != "" {
			return problem
		}
	default:
		return fmt.Sprintf("kind: %q is none of account, ip, device, user_agent, store", discreet.Shown(kind))
	}
	l.entries = append(l.entries, kind+" "+value)
	return ""
}

// addNet puts a network into the list. A row keeps the first 64 bits of an IPv6
// address, so what is finer cannot be told apart.
func (l *Indicators) addNet(value string, n int) (problem string) {
	p, err := netip.ParsePrefix(value)
	if err != nil {
		a, err := netip.ParseAddr(value)
		if err != nil {
			return fmt.Sprintf("value: %q is no address and no network", discreet.Shown(value))
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p.Addr().Is4In6() {
		return fmt.Sprintf("value: write %q as an IPv4 address", discreet.Shown(value))
	}
	bits := p.Bits()
	if p.Addr().Is6() && bits > 64 {
		return fmt.Sprintf("value: %q is finer than /64; give the /64 that it is in", discreet.Shown(value))
	}
	addr, _, _ := scalar.TryAddr([]byte(p.Addr().WithZone("").String()))
	mask := ^event.Addr(0) << (64 - bits)
	if p.Addr().Is4() {
		mask = ^event.Addr(0) << (32 - bits)
	}
	i := slices.IndexFunc(l.nets, func(s indicatorNets) bool { return s.mask == mask && s.v4 == p.Addr().Is4() })
	if i < 0 {
		i = len(l.nets)
		l.nets = append(l.nets, indicatorNets{mask, p.Addr().Is4(), map[event.Addr]int{}})
	}
	if _, again := l.nets[i].by[addr&mask]; !again {
		l.nets[i].by[addr&mask] = n
	}
	return ""
}

// Len returns how many entries there are.
func (l *Indicators) Len() int { return len(l.entries) }

// key returns the entry of a value, -1 if there is none. The text is compared
// too: a key could be aimed for, and a row that is taken for another's is lost.
func (l *Indicators) key(kind int, k event.Key, text []byte) int {
	n, ok := l.keys[kind][k]
	if !ok || k == 0 {
		return -1
	}
	if _, value, _ := strings.Cut(l.entries[n], " "); value != string(text) {
		return -1
	}
	return n
}

// addr returns the entry of an address, -1 if there is none.
func (l *Indicators) addr(a event.Addr) int {
	if a == 0 {
		return -1
	}
	for i := range l.nets {
		s := &l.nets[i]
		if n, ok := s.by[a&s.mask]; ok && s.v4 == a.Is4() {
			return n
		}
	}
	return -1
}

// login returns the entry that a row matches, -1 if none.
func (l *Indicators) login(r *event.Login, v *fields) int {
	return max(l.key(ofAccount, r.Account, v[event.AccountID]), l.addr(r.Addr),
		l.key(ofDevice, r.Device, v[event.DeviceID]), l.key(ofAgent, r.Agent, v[event.UserAgent]))
}

// charge is login for charges.
func (l *Indicators) charge(r *event.Charge, v *fields) int {
	store := v[event.StoreID]
	if len(store) == 0 {
		store = v[event.MerchantID]
	}
	return max(l.key(ofAccount, r.Account, v[event.AccountID]), l.addr(r.Addr),
		l.key(ofDevice, r.Device, v[event.DeviceID]), l.key(ofStore, r.Store, store))
}

// unmatched returns the entries that no row matched, sorted.
func (l *Indicators) unmatched(hit [][]bool) []string {
	var out []string
	for i, e := range l.entries {
		if !slices.ContainsFunc(hit, func(h []bool) bool { return h != nil && h[i] }) {
			out = append(out, string(bytes.ToValidUTF8([]byte(e), []byte("?"))))
		}
	}
	slices.Sort(out)
	return out
}
