package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
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
