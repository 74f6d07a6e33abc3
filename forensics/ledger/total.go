package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// A Total adds up the lines of one currency that have something in common.
type Total struct {
	By, Value                                 string
	Currency                                  money.Currency
	Lines                                     int64
	Gross, Returned, Amount, Earlier, Payable int64
	// Hash is the sum of IDHash of the refund ids, modulo 2^63: two lists have
	// the same one only if they name the same obligations, in whatever order.
	Hash int64
}

// IDHash returns the first eight bytes of the SHA-256 of a refund id as a
// number, most significant first.
func IDHash(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:])
}

// hashMask keeps a sum of hashes below 2^63, which a signed column holds.
const hashMask = 1<<63 - 1

// The ways in which lines are added up, in the order in which they are listed.
const (
	byAll = iota
	byAction
	byStatus
	byChannel
	byTier
	byDay
	numWays
)

var wayWords = [numWays]string{byAll: "all", byAction: "action", byStatus: "status", byChannel: "channel", byTier: "tier", byDay: "day"}

// An Action is what is to be done with a line.
type Action uint8

// The actions.
const (
	Pay      Action = iota // an open line with money for the owner
	TakeBack               // an open line with money of the owner
	Wait                   // held, needs a decision, or an exception
	Nothing                // nothing is left to pay
	numActions
)

var actionWords = [numActions]string{Pay: "pay", TakeBack: "take_back", Wait: "wait", Nothing: "nothing"}

// String returns the word that files show.
func (a Action) String() string { return actionWords[a] }

// Action returns what is to be done with the line.
func (l *Line) Action() Action {
	switch {
	case l.Status != refund.Open && l.Status != refund.Closed:
		return Wait
	case l.Status == refund.Open && l.Payable > 0:
		return Pay
	case l.Status == refund.Open && l.Payable < 0:
		return TakeBack
	}
	return Nothing
}

// microsPerDay is a day in UTC, in microseconds.
const microsPerDay = 86400 * 1_000_000

// noDay stands for a line of which no charge is known.
const noDay = -1 << 62

// A totalKey is what lines have in common.
type totalKey struct {
	way      int
	value    int64
	currency money.Currency
}

// A totalling is a Total in the making.
type totalling struct {
	lines int64
	sums  [5]money.Sum
	hash  uint64
}

// AddUp returns the control totals of lines: for each currency all of them, by
// action, status, channel, tier, and day of the first charge in UTC. The only
// error is money.ErrOverflow.
func AddUp(lines []Line) ([]Total, error) {
	at := map[totalKey]*totalling{}
	for i := range lines {
		l := &lines[i]
		day := int64(noDay)
		if l.ChargedAt != 0 {
			if day = l.ChargedAt / microsPerDay; l.ChargedAt%microsPerDay < 0 {
				day--
			}
		}
		hash := IDHash(l.ID)
		for way, value := range [numWays]int64{byAll: 0, byAction: int64(l.Action()), byStatus: int64(l.Status),
			byChannel: int64(l.Channel), byTier: int64(l.Tier), byDay: day} {
			k := totalKey{way, value, l.Currency}
			t := at[k]
			if t == nil {
				t = &totalling{}
				at[k] = t
			}
			t.add(l, hash)
		}
	}
	keys := make([]totalKey, 0, len(at))
	for k := range at {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b totalKey) int {
		return cmp.Or(cmp.Compare(a.currency.String(), b.currency.String()), cmp.Compare(a.way, b.way), cmp.Compare(a.value, b.value))
	})
	totals := make([]Total, len(keys))
	for i, k := range keys {
		var err error
		if totals[i], err = at[k].total(); err != nil {
			return nil, err
		}
		totals[i].By, totals[i].Value, totals[i].Currency = wayWords[k.way], k.word(), k.currency
	}
	return totals, nil
}

func (t *totalling) add(l *Line, hash uint64) {
	t.lines++
	for i, minor := range [...]int64{l.Gross, l.Returned, l.Amount, l.Earlier, l.Payable} {
		t.sums[i].Add(minor)
	}
	t.hash = (t.hash + hash) & hashMask
}

func (t *totalling) total() (out Total, err error) {
	out.Lines, out.Hash = t.lines, int64(t.hash)
	for i, to := range [...]*int64{&out.Gross, &out.Returned, &out.Amount, &out.Earlier, &out.Payable} {
		if *to, err = t.sums[i].Total(); err != nil {
			return out, err
		}
	}
	return out, nil
}

// word returns the value as files show it.
func (k totalKey) word() string {
	switch k.way {
	case byAction:
		return Action(k.value).String()
	case byStatus:
		return refund.Status(k.value).String()
	case byChannel:
		return refund.Channel(k.value).String()
	case byTier:
		return takeover.Tier(k.value).String()
	case byDay:
		if k.value == noDay {
			return "none"
		}
		return time.UnixMicro(k.value * microsPerDay).UTC().Format(time.DateOnly)
	}
	return "all"
}

// Agree reports the first thing that does not add up: in whole or a part, a way
// of adding up that does not come to all lines of a currency; or a total of the
// whole that is not the sum of those of its parts.
func Agree(whole []Total, parts ...[]Total) error {
	sums := map[[3]string]*Total{}
	for _, list := range append([][]Total{whole}, parts...) {
		if err := agreeWithin(list); err != nil {
			return err
		}
	}
	for _, list := range parts {
		for i := range list {
			t := &list[i]
			if err := sumOf(sums, [3]string{t.By, t.Value, t.Currency.String()}, t); err != nil {
				return err
			}
		}
	}
	for i := range whole {
		t := &whole[i]
		k := [3]string{t.By, t.Value, t.Currency.String()}
		if s := sums[k]; s == nil || s.figures() != t.figures() {
			return fmt.Errorf("the total of %s %s in %s is not the sum of its parts", t.By, t.Value, t.Currency)
		}
		delete(sums, k)
	}
	if len(sums) > 0 {
		return errors.New("a part has totals that the whole does not have")
	}
	return nil
}

// figures are the figures of a total, without what it is a total of.
func (t *Total) figures() [7]int64 {
	return [7]int64{t.Lines, t.Gross, t.Returned, t.Amount, t.Earlier, t.Payable, t.Hash}
}

// sumOf adds a total to the one of a key.
func sumOf(sums map[[3]string]*Total, k [3]string, t *Total) error {
	s := sums[k]
	if s == nil {
		s = &Total{}
		sums[k] = s
	}
	for _, f := range [...]struct {
		to  *int64
		add int64
	}{{&s.Lines, t.Lines}, {&s.Gross, t.Gross}, {&s.Returned, t.Returned}, {&s.Amount, t.Amount}, {&s.Earlier, t.Earlier}, {&s.Payable, t.Payable}} {
		var err error
		if *f.to, err = money.Add(*f.to, f.add); err != nil {
			return err
		}
	}
	s.Hash = int64((uint64(s.Hash) + uint64(t.Hash)) & hashMask)
	return nil
}

// agreeWithin reports a way of adding up that does not come to all lines.
func agreeWithin(list []Total) error {
	sums := map[[3]string]*Total{}
	all := map[string]*Total{}
	for i := range list {
		t := &list[i]
		cur := t.Currency.String()
		if t.Payable != t.Amount-t.Earlier || t.Amount != t.Gross-t.Returned {
			return fmt.Errorf("the total of %s %s in %s does not add up", t.By, t.Value, cur)
		}
		if t.By == wayWords[byAll] {
			all[cur] = t
		} else if err := sumOf(sums, [3]string{t.By, "", cur}, t); err != nil {
			return err
		}
	}
	for cur, t := range all {
		for _, by := range wayWords[byAll+1:] {
			if s := sums[[3]string{by, "", cur}]; s == nil || s.figures() != t.figures() {
				return fmt.Errorf("the totals by %s in %s do not come to all lines", by, cur)
			}
		}
	}
	return nil
}
