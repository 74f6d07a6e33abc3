package report

import (
	"time"

	"github.com/paytriage/paytriage/forensics/money"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
)

// A voice tells what a case says in one language, with times in one zone.
type voice struct {
	*words.Printer
	zone *time.Location
	// masker hides accounts; nil shows them.
	masker *words.Masker
}

// at says when something was, with the zone.
func (v *voice) at(stamp string) string {
	t, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return stamp
	}
	return v.Instant(t, v.zone)
}

// sum says an amount of a currency that stands in a summary.
func (v *voice) sum(minor int64, currency string) string {
	c, _ := money.ParseCurrency([]byte(currency))
	return v.Money(minor, c)
}

// Zoned says a head with the zone of the times below it.
func (v *voice) Zoned(head string, t time.Time, zone *time.Location) string {
	return v.T("%s (%s)", head, v.Zone(t, zone))
}

// Head says what a column of a table is.
func (v *voice) Head(column string) string {
	switch column {
	case "account_id":
		return v.T("account")
	case "tier":
		return v.T("how sure")
	case "vector":
		return v.T("way in")
	case "takeover_at":
		return v.T("taken over")
	case "net_loss":
		return v.T("net loss")
	case "store_id":
		return v.T("shop")
	case "charges":
		return v.T("charges")
	case "victims":
		return v.T("victims")
	case "amount":
		return v.T("amount")
	case "first_seen":
		return v.T("first seen")
	case "last_seen":
		return v.T("last seen")
	case "role":
		return v.T("role")
	case "kind":
		return v.T("kind")
	case "value":
		return v.T("address or device")
	case "accounts_entered":
		return v.T("entered")
	case "accounts_tried":
		return v.T("tried")
	case "failures":
		return v.T("failures")
	case "unknown_accounts":
		return v.T("unknown ids")
	}
	return column
}

// Text says a cell of a column of text.
func (v *voice) Text(column, text string) string {
	switch column {
	case "account_id":
		if v.masker != nil {
			return v.masker.Of(text)
		}
	case "tier":
		return v.Word(words.Tier, text)
	case "vector":
		return v.Word(words.Vector, text)
	case "role":
		return v.Word(words.Role, text)
	case "kind":
		return v.Word(words.PlaceKind, text)
	}
	return text
}

// Told are lines of a block: some with several values below one key.
type told struct{ pairs []console.Pair }

// add adds a key with its values, those that are empty left out.
func (l *told) add(key string, values ...string) {
	for _, value := range values {
		if value != "" {
			l.pairs = append(l.pairs, console.Pair{Key: key, Value: value})
			key = ""
		}
	}
}

// alarm adds a key that must not be overlooked.
func (l *told) alarm(key string, values ...string) {
	at := len(l.pairs)
	l.add(key, values...)
	if len(l.pairs) > at {
		l.pairs[at].Alarm = true
	}
}
