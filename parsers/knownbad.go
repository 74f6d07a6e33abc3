package parsers

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/formula"
)

// A KnownBad is what others listed: Read = len(Indicators) + Passed + Rejected.
type KnownBad struct {
	Indicators []event.Indicator
	Read       int64
	// Passed counts entries that are no address, network, user agent, operator or
	// device, such as domains, and patterns that ask for several things at once:
	// one of them alone says nothing.
	Passed int64
	// Rejected counts entries that were not understood, of which Bad keeps the
	// first.
	Rejected int64
	Bad      []BadIndicator
}

// A BadIndicator is an entry that was not understood. Line is the line of a list,
// or the number of an object in a bundle, from 1.
type BadIndicator struct {
	Line        int64
	Reason, Raw string
}

const (
	// maxKnownBad bounds a list, in bytes.
	maxKnownBad = 256 << 20
	// maxBadIndicators is how many entries that were not understood are kept,
	// maxBadRaw how much of each.
	maxBadIndicators, maxBadRaw = 100_000, 4 << 10
	// maxPlainLine bounds a line of a plain list.
	maxPlainLine = 64 << 10
)

// ReadKnownBad reads what others saw in attacks: CSV with the columns kind and
// value and perhaps valid_until (what the indicators command writes), a bundle of
// STIX 2.1, or a plain list of addresses, networks and operators (AS64500), one a
// line, with comments behind # or ;. Which it is, is seen from its beginning.
//
// An entry that cannot be read is counted and kept. The error is for a file that
// is none of these.
func ReadKnownBad(r io.Reader) (*KnownBad, error) {
	limited := &io.LimitedReader{R: r, N: maxKnownBad + 1}
	b := bufio.NewReaderSize(limited, maxPlainLine)
	if mark, _ := b.Peek(3); string(mark) == "\xef\xbb\xbf" {
		b.Discard(3)
	}
	k := &KnownBad{}
	begin, _ := b.Peek(maxPlainLine)
	begin = bytes.TrimLeft(begin, " \t\r\n")
	line, _, _ := bytes.Cut(begin, []byte("\n"))
	var err error
	switch {
	case len(begin) == 0:
		return nil, errors.New("the file is empty")
	case begin[0] == '{':
		err = k.stix(b)
	case bytes.IndexByte(line, ',') >= 0 && bytes.Contains(line, []byte("kind")) && bytes.Contains(line, []byte("value")):
		err = k.csv(b)
	default:
		err = k.plain(b)
	}
	if err == nil && limited.N <= 0 {
		err = fmt.Errorf("has more than %d bytes", maxKnownBad)
	}
	if err == nil && k.Read > maxIndicators {
		err = tooMany()
	}
	return k, err
}

func tooMany() error { return fmt.Errorf("has more than %d entries", maxIndicators) }

// add takes in one entry, or says what is wrong with it.
func (k *KnownBad) add(i event.Indicator) (problem string) {
	switch i.Kind {
	case "ip", "network":
		if problem := addressProblem(i.Value); problem != "" {
			return problem
		}
	case "asn":
		digits := i.Value
		if len(digits) > 2 && strings.EqualFold(digits[:2], "as") {
			digits = digits[2:]
		}
		if n, err := strconv.ParseUint(digits, 10, 32); err != nil || n == 0 {
			return "is no number of an operator"
		}
	}
	if i.Value == "" {
		return "value is empty"
	}
	k.Indicators = append(k.Indicators, i)
	return ""
}

// addressProblem says what is wrong with an address or a network.
func addressProblem(text string) string {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return "is no address and no network"
		}
		p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
	}
	switch a := p.Addr(); {
	case a.Is4In6():
		return "is an IPv4 network in the form of IPv6"
	case a.Is4() && p.Bits() < 8 || a.Is6() && p.Bits() < 16:
		return "is a network so wide that it says nothing"
	case a.IsUnspecified():
		return "is no address of anybody"
	}
	return ""
}

func (k *KnownBad) reject(line int64, reason, raw string) {
	k.Rejected++
	if len(k.Bad) < maxBadIndicators {
		k.Bad = append(k.Bad, BadIndicator{line, reason, strings.ToValidUTF8(raw[:min(len(raw), maxBadRaw)], "?")})
	}
}

// plain reads one entry a line.
func (k *KnownBad) plain(r *bufio.Reader) error {
	for line := int64(1); ; line++ {
		text, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			return fmt.Errorf("line %d has more than %d bytes", line, maxPlainLine)
		}
		if err != nil && err != io.EOF {
			return err
		}
		if at := bytes.IndexAny(text, "#;"); at >= 0 {
			text = text[:at]
		}
		if entry := string(bytes.TrimSpace(text)); entry != "" {
			if k.Read++; k.Read > maxIndicators {
				return tooMany()
			}
			i := event.Indicator{Kind: "ip", Value: entry}
			if len(entry) > 2 && strings.EqualFold(entry[:2], "as") && entry[2] >= '0' && entry[2] <= '9' {
				i.Kind = "asn"
			}
			if problem := k.add(i); problem != "" {
				k.reject(line, problem, entry)
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// csv reads the columns kind, value and valid_until.
func (k *KnownBad) csv(r io.Reader) error {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	header, err := in.Read()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.TrimSpace(name)] = i
	}
	kindAt, hasKind := at["kind"]
	valueAt, hasValue := at["value"]
	untilAt, hasUntil := at["valid_until"]
	if !hasKind || !hasValue {
		return errors.New("line 1: needs the columns kind and value")
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if k.Read++; k.Read > maxIndicators {
			return tooMany()
		}
		line, _ := in.FieldPos(0)
		problem := "lacks a kind or a value"
		if len(record) > max(kindAt, valueAt) {
			i := event.Indicator{Kind: strings.TrimSpace(record[kindAt]), Value: strings.TrimSpace(formula.Unmark(record[valueAt]))}
			problem = ""
			if hasUntil && untilAt < len(record) {
				i.Until, problem = until(record[untilAt])
			}
			switch {
			case problem != "":
			case !isWatched(i.Kind):
				k.Passed++
			default:
				problem = k.add(i)
			}
		}
		if problem != "" {
			k.reject(int64(line), problem, strings.Join(record, ","))
		}
	}
}

// isWatched reports whether a kind is one that a row can show.
func isWatched(kind string) bool {
	switch kind {
	case "ip", "network", "user_agent", "asn", "device":
		return true
	}
	return false
}

// until reads until when an entry is valid.
func until(text string) (micros int64, problem string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, ""
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, "valid_until is no time such as 2019-07-10T00:00:00Z"
	}
	return max(t.UnixMicro(), 1), ""
}

// A stixObject is what is read of an object of a bundle.
type stixObject struct {
	Type        string `json:"type"`
	Pattern     string `json:"pattern"`
	PatternType string `json:"pattern_type"`
	ValidUntil  string `json:"valid_until"`
	Revoked     bool   `json:"revoked"`
}

// stix reads the indicators of a bundle. Other objects are no entries.
func (k *KnownBad) stix(r io.Reader) error {
	in := json.NewDecoder(r)
	if _, err := in.Token(); err != nil { // the brace
		return err
	}
	found := false
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return err
		}
		if name != "objects" {
			var skip json.RawMessage
			if err := in.Decode(&skip); err != nil {
				return err
			}
			continue
		}
		found = true
		if open, err := in.Token(); err != nil || open != json.Delim('[') {
			return errors.New("objects is no list")
		}
		for n := int64(1); in.More(); n++ {
			if err := k.object(in, n); err != nil {
				return err
			}
		}
		if _, err := in.Token(); err != nil {
			return err
		}
	}
	if _, err := in.Token(); err != nil {
		return err
	}
	if !found {
		return errors.New("is JSON, but no bundle of STIX: it has no objects")
	}
	return nil
}

// object takes in an object of a bundle.
func (k *KnownBad) object(in *json.Decoder, n int64) error {
	var raw json.RawMessage
	if err := in.Decode(&raw); err != nil {
		return err
	}
	var o stixObject
	if err := json.Unmarshal(raw, &o); err != nil {
		k.Read++
		k.reject(n, "is no object of STIX", string(raw[:min(len(raw), maxBadRaw)]))
		return nil
	}
	if o.Type != "indicator" {
		return nil
	}
	end, problem := until(o.ValidUntil)
	list, simple := patternIndicators(o.Pattern)
	if problem == "" && (o.Revoked || o.PatternType != "stix" || !simple || len(list) == 0) {
		k.Read++
		k.Passed++
		return nil
	}
	if problem != "" {
		k.Read++
		k.reject(n, problem, o.Pattern)
		return nil
	}
	for _, i := range list {
		if k.Read++; k.Read > maxIndicators {
			return tooMany()
		}
		i.Until = end
		if problem := k.add(i); problem != "" {
			k.reject(n, problem, o.Pattern)
		}
	}
	return nil
}
