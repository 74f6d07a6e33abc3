// Package gen simulates incidents of account takeover at a payment service:
// the auth log and the payment log that the service would export, and the
// truth about them. It exists to measure paytriage, so it must not make the
// work easy: honest people change phones, share them, travel, mistype and
// spend a minute after topping up, and thieves use the same shops, carriers,
// handsets and amounts. Owner and thief share one wallet in one order of
// time, and a wallet never pays what it does not hold.
//
// To start, take a world and run it:
//
//	w, err := gen.Preset("list-type")
//	…
//	sum, err := gen.Simulate(ctx, w, gen.Outputs{Auth: a, Payments: p}, gen.Options{})
//
// The same World gives the same bytes, whatever the number of workers and on
// every machine. Memory does not grow with the number of rows: accounts are
// simulated one by one, and rows beyond a fixed budget wait, sorted, in
// temporary files that are gone when Simulate returns.
//
// It will not imitate a real person, shop or network: addresses and AS numbers
// are from ranges that belong to nobody.
package gen

import (
	"context"
	"io"
	"runtime"
	"time"
)

// A World is everything that decides what happens. Start from a Preset.
type World struct {
	Seed     uint64
	Accounts int       // how many accounts the service has
	Start    time.Time // begin of both logs; midnight in Japan is usual
	Days     int       // length of both logs
	Stores   int       // how many shops take the wallet; 7pay had 20,965 (S23)

	// TopupCap is the most that one top-up may bring, in yen; 30,000 on 7pay
	// (S25).
	TopupCap int64
	// LaunchDays is above zero when the service starts with the log: all
	// accounts are opened within it in that many days, so every device is new.
	LaunchDays int
	// SingleSession logs the other phone out at a login, as 7pay did (S26).
	SingleSession bool
	// NumericIDs makes account ids consecutive numbers with gaps instead of
	// opaque words.
	NumericIDs bool
	// Registers shows at which register of a shop a payment was taken, and who
	// worked there.
	Registers bool
	// Cast gives the first accounts a part that is then certain: account i
	// has the look-alike traits Cast[i]. For worlds small enough to read.
	Cast []Lookalike

	Rates   Rates
	Attacks []Attack
	Disturb Disturbance
}

// An Attack is a campaign: somebody tests credentials, somebody spends.
type Attack struct {
	Name   string // names the campaign in the truth
	Vector Vector
	// Executors share the victims in turn. None means that nobody is robbed.
	Executors []Executor
	Victims   int // accounts that are robbed, if the executors find anything
	// Entered is the number of accounts that the testers get into, at least
	// Victims: not everything that was opened is robbed (S69).
	Entered int
	// Tries is the number of failed tries. With hit rates of 0.15 to 10 % in
	// published cases (S83 to S87), expect 10 to 700 for each account entered.
	Tries int
	// UnknownShare is the share of tries with ids that the service does not
	// know. 7pay saw "many" (S13); the number was never published.
	UnknownShare float64
	// Sources is the number of the testers' addresses; 0 is one for every try,
	// as through residential proxies (S88: an address is used 2.2 times).
	Sources int
	// ForeignShare is the share of sources abroad. On 7pay "almost all" (S21).
	ForeignShare float64
	// StartDay and Days say when the testers work.
	StartDay, Days float64
	// Lag is the median time from test to theft. Minutes to a day; on 7pay
	// both fell into one night (S3).
	Lag time.Duration
	// Loss is the median of what the executor tops up on an account, in yen;
	// on 7pay 47,800 were lost per victim (S10, derived).
	Loss int64
	// MostLoss bounds it, as a cap for a month does; 0 is no bound.
	MostLoss int64
	// AtCap is the share of executors who top up at the cap; the others take
	// amounts like anybody's. 7pay's victims reported the cap (S24, S25).
	AtCap float64
	// PerPhone is how many accounts a crew's phone goes through: 7 to 8 (S6).
	PerPhone int
	// Shop, above 0, lets the testers into accounts of people alone whose
	// favourite shops that one is among: what got out got out there.
	Shop   int
	Habits Habits
}

// A Vector is the way in. The words are those of the truth files.
type Vector string

// The vectors.
const (
	ListType      Vector = "list_type"             // leaked ids and passwords, from a few addresses
	ListProxy     Vector = "list_type_distributed" // the same through residential proxies
	BruteForce    Vector = "brute_force"           // many passwords for one account
	Spraying      Vector = "spraying"              // few passwords for many accounts
	ReverseBrute  Vector = "reverse_brute_force"   // one PIN, account number after number
	Leak          Vector = "leak"                  // valid credentials: an insider, a leak of one's own
	ResetAbuse    Vector = "password_reset"        // reset with public facts, to another mail address
	ExternalLogin Vector = "external_login"        // the flaw that trusted any external id (S46)
	SessionTheft  Vector = "session_theft"         // the owner's session, used elsewhere
	BankLink      Vector = "bank_link"             // wallets opened in the names of strangers, whose banks' PINs were guessed (S61)
)

// An Executor is a way to take the money. The words are those of the truth
// files.
type Executor string

// The executors.
const (
	CrewPhones  Executor = "crew_phones"  // a phone goes through several victims, shop after shop
	FreshDevice Executor = "fresh_device" // a device of its own for every victim
	FromAbroad  Executor = "abroad"       // from a foreign network, at online shops
	StoreStaff  Executor = "store_staff"  // at one's own register (S5, S27)
	SlowCashOut Executor = "slow"         // small amounts over days
	BalanceOnly Executor = "balance_only" // what is in the wallet, no top-up (S14)
	Mules       Executor = "mules"        // transfers to other accounts
)

// A Lookalike is a set of harmless traits that look like a takeover.
type Lookalike uint32

// The harmless look-alikes.
const (
	NewHandset Lookalike = 1 << iota
	Reinstall
	SecondDevice
	FamilyPhone
	OfficeWorker
	Traveller
	VPNUser
	LivesAbroad
	AccountBook
	ShopTablet
	HeavyBuyer
	DormantReturn
	BrokenClient
	NewCustomer
	numLookalikes = iota
)

// A Disturbance is what goes wrong between the service and the analyst.
type Disturbance struct {
	Duplicates float64 // share of lines that are there twice
	// LostDevice, LostSession and LostIP are the shares of rows whose field is
	// empty.
	LostDevice, LostSession, LostIP float64
	// Shuffle writes the lines in random order.
	Shuffle bool
	// AuthOffset is how far the auth log's clock is ahead of the other, on
	// which the truth stays.
	AuthOffset time.Duration
	// MissingAuthHours and MissingPaymentHours are how many hours of each log
	// were lost. The truth knows what happened in them.
	MissingAuthHours, MissingPaymentHours int
}

// Outputs are where the files go. What is nil is not written.
type Outputs struct {
	// Auth and Payments are the exports, in the neutral schema.
	Auth, Payments io.Writer
	// Accounts has a row for every account that somebody else got into (role
	// victim when an approved charge of theirs still stands, entered
	// otherwise), for every account that thieves own or borrow (mule), and for
	// every harmless one that looks like a takeover (lookalike).
	Accounts io.Writer
	// Entries has a row for every successful login by somebody else, and one
	// for every stolen session when it is first used.
	Entries io.Writer
	// Charges has a row for everything that was charged by somebody else. Its
	// status is how things stand at the end: reversed when all came back. Its
	// actor is campaign, executor and the executor's number.
	Charges io.Writer
	// Money has a row for every leg that differs from what it would be without
	// the attackers: what is owed.
	Money io.Writer
}

// Options do not change what is written.
type Options struct {
	Workers int    // 0 is one for each processor
	TempDir string // for spilled rows; "" is the system's
	// Progress, when set, is called now and then, by one goroutine at a time.
	Progress func(phase string, done, total int64)

	spill int // bytes of one output that a worker keeps in memory; 0: spillBytes
}

// A Summary counts what was simulated, whether or not it was written.
type Summary struct {
	AuthRows, PaymentRows   int64 // without lines that are there twice
	AuthBytes, PaymentBytes int64 // with header lines; 0 when not written
	Victims                 int64 // accounts with an approved stolen charge that stands
	Entered                 int64 // other accounts that somebody got into
	Mules                   int64 // thieves' own accounts
	Lookalikes              int64 // harmless accounts that look like a takeover
	Entries                 int64 // successful logins by attackers
	Tries                   int64 // failed ones, other than on entered accounts
	Charges                 int64 // stolen charges, declined ones too
	NetLoss                 int64 // what is owed, in yen
}

// Simulate lets the world happen and writes the logs and the truth. When ctx
// ends, or a writer fails, it returns an error and leaves no temporary file.
func Simulate(ctx context.Context, w World, out Outputs, opt Options) (Summary, error) {
	if err := w.validate(); err != nil {
		return Summary{}, err
	}
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	t := newTown(w)
	p := planAttacks(t)
	clerks, err := live(ctx, t, p, out, opt)
	defer closeAll(clerks)
	if err != nil {
		return Summary{}, err
	}
	return writeAll(ctx, clerks, out, opt)
}
