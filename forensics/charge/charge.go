// Package charge says which charges of an account are the attacker's.
//
// A charge belongs to the visit of the actor who made it: by device, else by
// session, else by address (see baseline). So the owner's own coffee between
// two thefts stays hers. A charge that no actor can be named for, made while an
// attacker was in the account, is possibly the attacker's and nobody's
// otherwise.
package charge

import (
	"github.com/paytriage/paytriage/forensics/baseline"
	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/forensics/refund"
	"github.com/paytriage/paytriage/forensics/takeover"
)

// slack is how long before and after an attacker's rows a charge without an
// actor may still be the attacker's: clocks of two logs differ by as much.
const slack = 5 * 60 * baseline.Second

// A Claim says whose a charge is.
type Claim struct {
	Visit   int // index in the visits given, -1 for none
	Verdict refund.Verdict
	// Foreign marks a top-up from an instrument that the attacker brought.
	Foreign bool

	// Basis is what the verdict rests on, ByEvidence the verdict of the logs
	// where that is another basis. Attribute knows the logs alone.
	Basis      Basis
	ByEvidence refund.Verdict
}

// A Basis is what a claim rests on.
type Basis uint8

// The bases.
const (
	Evidence Basis = iota // the visits of the account
	Decided               // a person's decision
	SentOn                // the money was stolen from another account and sent here
)

// Attribute returns a claim for each charge of an account, given the visits of
// attackers to it and how sure each is.
func Attribute(a *baseline.Account, visits []takeover.Visit, tiers []takeover.Tier) []Claim {
	claims := make([]Claim, len(a.Charges))
	for i := range a.Charges {
		c := &claims[i]
		c.Visit = -1
		row := &a.Charges[i]
		switch row.Kind {
		case event.TopUp, event.Payment, event.TransferOut, event.Payout, event.TransferIn:
		default:
			continue // returns follow their original
		}
		by := a.ChargeBy[i]
		for n := range visits {
			v := &visits[n]
			switch {
			case by != baseline.Nobody && a.Actors[by].Key == v.Actor:
				c.Visit, c.Verdict = n, verdict(tiers[n])
				c.Foreign = row.Kind == event.TopUp && !v.Opened && brought(a, by, row)
			case row.Kind == event.TransferIn:
				// Money that comes in is nobody's act in this account, unless
				// the visitor's own device sent it: what he then spends is his.
				if row.Device != 0 && row.Device == v.Device {
					c.Visit, c.Verdict = n, verdict(tiers[n])
				}
			case by == baseline.Nobody && c.Visit < 0 && v.FirstCharge != 0 &&
				row.Time >= v.First-slack && row.Time <= v.Last+slack:
				c.Visit, c.Verdict = n, refund.Possible
			}
		}
	}
	return claims
}

func verdict(t takeover.Tier) refund.Verdict {
	if t >= takeover.Probable {
		return refund.Named
	}
	return refund.Possible
}

// brought reports whether the instrument of a top-up was registered by the
// actor who used it, and used by nobody else in the account.
func brought(a *baseline.Account, by int16, row *event.Charge) bool {
	if row.Ref == 0 {
		return false
	}
	registered := false
	for i := range a.Logins {
		registered = registered || a.Logins[i].Action == event.CardRegister && a.LoginBy[i] == by && a.Logins[i].Time <= row.Time
	}
	if !registered {
		return false
	}
	for i := range a.Charges {
		if c := &a.Charges[i]; c.Ref == row.Ref && c.Kind == row.Kind && a.ChargeBy[i] != by {
			return false
		}
	}
	return true
}
