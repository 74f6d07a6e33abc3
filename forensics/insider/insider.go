// Package insider asks what the accounts that were entered have in common from
// before, and who was at the till when stolen money was spent: what an insider
// or a leak of one's own would leave in the logs.
//
// It answers two questions, each by counts against a fair comparison, with an
// interval and a chance that is corrected for everything that was looked at.
//
// How were these accounts chosen? (The common point of purchase of card fraud
// desks.) Time is cut once, at the start: when the first tenth of the accounts
// had been entered, or at the first entry where there are fewer than ten. All
// rows before the cut say who shares what; the accounts entered after it are
// compared with all others that the log knows by then; the tenth is left out, and
// so are accounts that were only possibly entered. So exposure is the same for
// both sides, and nothing that thieves did counts as the owner's. Groups are: who
// paid at a shop; who opened the account, registered a card, or reset the
// password in one week (from Monday, UTC); who pays by card, debit card or bank.
// Busy people share everything with everybody, and are robbed and noticed more
// often: each account is compared with those that share as many things of the
// kind (Mantel and Haenszel's stratification, by the number of shops and so on).
// Lift is the count of entered accounts in a group by the count expected if they
// had been drawn by lot from these.
//
// Who took the stolen money? Each passing of a till with stolen money is
// compared with up to eight payments of others at the same shop within hours of
// it, the nearest first: a matched case-control study. So a night shift, a busy
// register and a shop where thieves are regulars explain themselves, and only
// being at the register, or at its keyboard, more often than whoever else was
// served there at that time does stand out. Where nobody else paid near the time,
// or one register was open, the question has no answer, and the passing is not
// counted. Stolen payments at one register, by one person, within minutes are one
// passing. Shops where stolen money was spent are listed too, but not tested:
// thieves go about together, and a crew's usual shop looks like one whose staff
// help.
//
// Chances are bounds of binomial tails (see tail), in whole numbers, so that
// machines agree. They are corrected for the many groups by a Bonferroni
// correction whose shares go by how many entered accounts each group was expected
// to have (Genovese, Roeder and Wasserman 2006): these expectations add up to
// something that is known without counting all groups, so that no group is
// tested for free because it was looked at only for being conspicuous. Half of
// the stated level goes to the first question, a tenth to each of its kinds, and
// a quarter each to registers and people at them. That nothing stands out does
// not exclude an insider; that something does is a question to ask. Victims of one
// town share its shops, and in the first days of a service those who joined first
// are worth robbing first.
//
// Terminal and operator ids have no place in a row, which would grow by a sixth
// for two keys that few logs fill and only some shops are asked about: a bit of
// the row says whether its record names any, and the text of the few payments
// that are compared is fetched with everything else that is reported. For the
// same reason registers and people are not asked about from before the entry,
// and a merchant is a group only where a payment names no shop: both would need
// the text of every payment.
//
// Sources: the published cases of staff at their own registers (7pay 2019,
// Shinjuku 2024), and the method of common points of purchase, which compares
// victims' histories with everybody's. Thresholds are in the policy.
package insider

import (
	"cmp"
	"strings"

	"github.com/paytriage/paytriage/forensics/event"
)

// A Kind is what the members of a group share.
type Kind uint8

// The kinds, in the order in which they are listed.
const (
	Operator Kind = iota
	Register
	Shop        // paid at it before the entries
	Opened      // opened the account in a week
	Carded      // registered a card in a week
	Reset       // reset the password in a week
	Instrument  // tops up or pays by it
	SpentAt     // where stolen money was spent: listed, not tested
	Unannounced // entries without a failure: listed, not tested
	Kinds
)

var kindWords = [Kinds]string{"operator", "register", "shop_before", "opened_week", "card_week", "reset_week", "instrument",
	"shop_spent", "entry"}

// String returns the word of the insider table.
func (k Kind) String() string { return kindWords[k] }

var kindDocs = [Kinds]string{
	Operator:    "who worked at the register; counts stolen money passing a till",
	Register:    "register (terminal) of a shop; counts stolen money passing a till",
	Shop:        "accounts that paid at the shop before the entries",
	Opened:      "accounts that were opened in the week, before the entries",
	Carded:      "accounts that registered a card in the week, before the entries",
	Reset:       "accounts whose password was reset in the week, before the entries",
	Instrument:  "accounts that paid by it before the entries, of those that paid by card, debit card or bank",
	SpentAt:     "accounts whose stolen money was spent at the shop, beside accounts that pay there; not tested, for thieves go together",
	Unannounced: "accounts entered without a failure of strangers before, beside newcomers that nothing speaks against; not tested: ways_in weighs it",
}

// Doc says what a kind counts.
func (k Kind) Doc() string { return kindDocs[k] }

// parts is by what the chances of a kind are multiplied: 1 by its share of the
// level.
var parts = [Kinds]uint64{Operator: 4, Register: 4, Shop: 10, Opened: 10, Carded: 10, Reset: 10, Instrument: 10}

// AtShop reports whether it is about where stolen money was spent.
func (k Kind) AtShop() bool { return k == Operator || k == Register || k == SpentAt }

// Tested reports whether groups of the kind can stand out.
func (k Kind) Tested() bool { return parts[k] > 0 }

// A Cohort is a group, and how many of the entered accounts are in it. Of
// registers and people at them, it counts passings of a till.
type Cohort struct {
	Kind Kind
	// Value is the shop, 0 for other kinds; of registers and people the shop they
	// are in.
	Value event.Key
	Week  int64  // the Monday that a week begins with, microseconds UTC
	Text  string // of a register, a person or an instrument
	Row   event.Pos

	Victims, Of       int64
	Others, OthersOf  int64
	Lift, Low, High   int64 // thousandths
	Chance            int64 // parts per billion, corrected; -1 if the kind is not tested
	First, Last       int64 // what Victims did
	Members           []int32
	Sampled, StandOut bool

	mean uint64 // expected Victims, in units of 2^-point
	key  trait
}

// weigh sets lift, interval and chance. All is what was expected over all groups
// of the kind.
func (c *Cohort) weigh(all uint64, level int64) {
	c.Lift = liftOf(c.Victims, c.mean)
	c.Low, c.High = interval(c.Of, c.Victims, c.mean)
	if c.Chance = -1; !c.Kind.Tested() {
		return
	}
	c.Chance = One
	if c.mean > 0 {
		c.Chance = tail(c.Of, c.Victims, c.mean).times(max(all, c.mean), c.mean).times(parts[c.Kind], 1).ppb()
	}
	c.StandOut = c.Victims > 1 && c.Chance <= level*(One/1000)
}

// Beside sets lift and interval of a group that is compared with all others alike.
func (c *Cohort) Beside() {
	c.mean = share(c.Others, c.Of, c.OthersOf)
	c.weigh(0, 0)
}

// Compare is the order of the table: by kind, the least likely first. Texts of
// shops are not known yet; they break the ties that are left.
func Compare(a, b *Cohort) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Chance, b.Chance), cmp.Compare(b.Low, a.Low),
		cmp.Compare(b.Victims, a.Victims), cmp.Compare(a.Week, b.Week), strings.Compare(a.Text, b.Text))
}
